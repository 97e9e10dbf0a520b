import type { ClientConfig } from "../api/client_config.ts";
import { keyCommands } from "../api/key_commands.ts";
import { CopyField } from "./elements/copy_field.tsx";
import { Part } from "./elements/facts.tsx";
import { KeyFields } from "./elements/key_fields.tsx";
import { htmlResponse } from "./html_response.ts";
import { renderFace } from "./layout.tsx";

/** The public start page: configuration for pacman, and links to the cached files. */
export function facePage(
  request: Request,
  { config, folders }: {
    config: ClientConfig;
    /** Names of the directories in the root. */
    folders: readonly string[];
  },
): Response {
  const { upstreams, own_repositories } = config;
  const commands = keyCommands(config);
  const body = (
    <>
      <h1>A package mirror for this network</h1>
      <p class="lead">
        This server downloads each package once, when the first machine requests it, and serves it
        to all others from its cache.
      </p>
      <Part title="Set up pacman">
        <p>
          Add this at the top of{" "}
          <code>/etc/pacman.d/mirrorlist</code>, and keep a public mirror below it as a fallback.
        </p>
        {upstreams.map(({ name, repositories, server }) => (
          <CopyField
            label={upstreams.length === 1
              ? `For ${repositories.join(", ")}`
              : `${name}, for ${repositories.join(", ")}`}
            value={server}
          />
        ))}
      </Part>
      {own_repositories.length === 0 ? null : (
        <Part title="Repositories of this server">
          <p>
            Add the ones that you want to <code>/etc/pacman.conf</code>.
          </p>
          {own_repositories.map(({ name, sig_level, server }) => (
            <CopyField
              label={`The repository ${name}`}
              value={`[${name}]\n${sig_level}\n${server}`}
            />
          ))}
          {commands.add.length === 0 ? null : (
            <>
              <p class="after-fields">Packages are signed. Run once on each machine, as root:</p>
              <KeyFields commands={commands} />
            </>
          )}
        </Part>
      )}
      <Part title="Browse">
        <ul class="folders">
          {folders.map((name) => (
            <li>
              <a href={`/${encodeURIComponent(name)}/`}>{name}</a>
            </li>
          ))}
        </ul>
      </Part>
      <footer class="commands">
        <a href="/admin/">Administration</a>
      </footer>
    </>
  );
  return htmlResponse(request, renderFace(body));
}
