import type { ClientConfig } from "../../../api/client_config.ts";
import { CopyField } from "../../elements/copy_field.tsx";
import { Part } from "../../elements/facts.tsx";

/** What a client needs, to install from a repository. */
export function ClientLines({ name, config }: { name: string; config: ClientConfig }) {
  const own = config.own_repositories.find((each) => each.name === name);
  if (own === undefined) return null;
  return (
    <Part title="On the clients">
      <pre tabIndex={0} aria-label="Section of pacman.conf">
        {`[${name}]\n${own.sig_level}\n${own.server}`}
      </pre>
      {own.keys_url === null ? null : (
        <>
          <CopyField
            label="Once, as root: get the keys"
            value={`curl -fsS ${own.keys_url} | pacman-key --add -`}
          />
          {config.keys.map(({ fingerprint }) => (
            <CopyField
              label="And trust the key with this fingerprint"
              value={`pacman-key --lsign-key ${fingerprint}`}
            />
          ))}
        </>
      )}
    </Part>
  );
}
