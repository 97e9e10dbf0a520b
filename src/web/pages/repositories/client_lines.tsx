import type { ClientConfig } from "../../../api/client_config.ts";
import { keyCommands } from "../../../api/key_commands.ts";
import { Part } from "../../elements/facts.tsx";
import { KeyFields } from "../../elements/key_fields.tsx";

/** What a client needs, to install from a repository. */
export function ClientLines({ name, config }: { name: string; config: ClientConfig }) {
  const own = config.own_repositories.find((each) => each.name === name);
  if (own === undefined) return null;
  const commands = keyCommands(config, name);
  return (
    <Part title="On the clients">
      <pre tabIndex={0} aria-label="Section of pacman.conf">
        {`[${name}]\n${own.sig_level}\n${own.server}`}
      </pre>
      {commands.add.length === 0 ? null : (
        <>
          <p>Its packages are signed. Once on each client, as root:</p>
          <KeyFields commands={commands} />
        </>
      )}
    </Part>
  );
}
