import type { ClientConfig } from "../../../api/client_config.ts";
import { CopyField } from "../../elements/copy_field.tsx";

/** What to do with a daemon that nobody has used yet. */
export function FirstSteps({ config }: { config: ClientConfig }) {
  return (
    <ol class="steps">
      <li>
        <h2>Point a client at it</h2>
        <p>
          Put this line first in <code>/etc/pacman.d/mirrorlist</code>{" "}
          of a machine with pacman, and keep a public mirror below it.
        </p>
        {config.upstreams.map(({ name, server }) => (
          <CopyField
            label={config.upstreams.length === 1 ? "Line for the mirrorlist" : name}
            value={server}
          />
        ))}
      </li>
      <li>
        <h2>Ask for something</h2>
        <CopyField label="On that machine" value="pacman -Syu" />
        <p class="waiting">Waiting for the first request</p>
      </li>
      <li>
        <h2>Then</h2>
        <p>
          Each further client gets the same packages from here, without another download. A
          repository of your own and packages from the AUR come later, if you want them.
        </p>
      </li>
    </ol>
  );
}
