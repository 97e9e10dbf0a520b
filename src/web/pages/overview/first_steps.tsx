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
        <h2>Packages of your own, if you want some</h2>
        <p>
          Each further client gets the same packages from here, without another download.{" "}
          <a href="/admin/repositories">A repository of your own</a>{" "}
          takes what you build, signs it, and shows clients which key to trust.
        </p>
      </li>
      <li>
        <h2>Packages of the AUR, if you want some</h2>
        <CopyField label="Watch one" value="pkgstash aur add NAME" />
        <p>
          It is built after{" "}
          <a href="/admin/approvals">your approval</a>, and again whenever it changes.
        </p>
      </li>
    </ol>
  );
}
