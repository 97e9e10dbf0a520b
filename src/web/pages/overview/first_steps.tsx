import type { ClientConfig } from "../../../api/client_config.ts";
import { CopyField } from "../../elements/copy_field.tsx";

/** What to do with a new installation. */
export function FirstSteps({ config }: { config: ClientConfig }) {
  return (
    <ol class="steps">
      <li>
        <h2>Add a client</h2>
        <p>
          Put this line at the top of <code>/etc/pacman.d/mirrorlist</code>{" "}
          on a machine with pacman, and keep a public mirror below it.
        </p>
        {config.upstreams.map(({ name, server }) => (
          <CopyField
            label={config.upstreams.length === 1 ? "Line for the mirrorlist" : name}
            value={server}
          />
        ))}
      </li>
      <li>
        <h2>Install something</h2>
        <CopyField label="On that machine" value="pacman -Syu" />
        <p class="waiting">Waiting for the first request</p>
      </li>
      <li>
        <h2>Optional: your own packages</h2>
        <p>
          Each further client gets the same packages from here, without another download.{" "}
          <a href="/admin/repositories">Your own repository</a>{" "}
          signs the packages that you build, and shows clients which key to trust.
        </p>
      </li>
      <li>
        <h2>Optional: packages from the AUR</h2>
        <CopyField label="Watch one" value="pkgstash aur add NAME" />
        <p>
          It is built after{" "}
          <a href="/admin/approvals">your approval</a>, and again whenever it changes.
        </p>
      </li>
    </ol>
  );
}
