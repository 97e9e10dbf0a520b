import type { ClientConfig } from "../api/client_config.ts";
import { CopyField } from "./elements/copy_field.tsx";
import { Part } from "./elements/facts.tsx";
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
  const { upstreams, own_repositories, keys } = config;
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
          {keys.length === 0 ? null : <Keys config={config} />}
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

function Keys({ config: { own_repositories, keys } }: { config: ClientConfig }) {
  // All that are signed by the same have the same keys.
  const urls = ["required", "external"].flatMap((wanted) =>
    own_repositories.find(({ signing }) => signing === wanted)?.keys_url ?? []
  );
  return (
    <>
      <p>They are signed. Once on each machine, as root:</p>
      {urls.map((url) => (
        <CopyField label="Get the keys" value={`curl -fsS ${url} | pacman-key --add -`} />
      ))}
      {keys.map(({ fingerprint }) => (
        <CopyField
          label="Trust the key with this fingerprint"
          value={`pacman-key --lsign-key ${fingerprint}`}
        />
      ))}
    </>
  );
}
