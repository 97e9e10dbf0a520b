import type { ClientConfig } from "../api/client_config.ts";
import { keyCommands } from "../api/key_commands.ts";
import { CopyField } from "./elements/copy_field.tsx";
import { Part } from "./elements/facts.tsx";
import { KeyFields } from "./elements/key_fields.tsx";
import { htmlResponse } from "./html_response.ts";
import { renderFace } from "./layout.tsx";

/** The first page of the server for anybody: what it is, the lines for pacman, and what it has. */
export function facePage(
  request: Request,
  { config, folders }: {
    config: ClientConfig;
    /** What there is below the root. */
    folders: readonly string[];
  },
): Response {
  const { upstreams, own_repositories } = config;
  const commands = keyCommands(config);
  const body = (
    <>
      <h1>Packages for pacman, downloaded once for everybody here</h1>
      <p class="lead">
        This server fetches packages from mirrors and keeps them, so that the next machine gets them
        from here. It holds only what somebody has asked for.
      </p>
      <Part title="Use it">
        <p>
          Put this first in <code>/etc/pacman.d/mirrorlist</code>{" "}
          and leave a public mirror below it. pacman needs nothing else.
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
        <Part title="Packages made here">
          <p>
            Each is a section of <code>/etc/pacman.conf</code>.
          </p>
          {own_repositories.map(({ name, sig_level, server }) => (
            <pre tabIndex={0} aria-label={`Section ${name}`}>
              {`[${name}]\n${sig_level}\n${server}`}
            </pre>
          ))}
          {commands.add.length === 0 ? null : (
            <>
              <p>They are signed. Once on each machine, as root:</p>
              <KeyFields commands={commands} />
            </>
          )}
        </Part>
      )}
      <Part title="What it has">
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
