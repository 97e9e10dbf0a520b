import type { ClientConfig } from "../../../api/client_config.ts";
import { keyCommands } from "../../../api/key_commands.ts";
import { CopyField } from "../../elements/copy_field.tsx";
import { Part } from "../../elements/facts.tsx";
import { KeyFields } from "../../elements/key_fields.tsx";

/** The configuration that a client needs for a repository. */
export function ClientLines({ name, config }: { name: string; config: ClientConfig }) {
  const own = config.own_repositories.find((each) => each.name === name);
  if (own === undefined) return null;
  const commands = keyCommands(config, name);
  return (
    <Part title="On the clients">
      <CopyField
        label="Add to /etc/pacman.conf"
        value={`[${name}]\n${own.sig_level}\n${own.server}`}
      />
      {commands.add.length === 0 ? null : (
        <>
          <p>The packages are signed. Run once on each client, as root:</p>
          <KeyFields commands={commands} />
        </>
      )}
    </Part>
  );
}
