import { STATUS_CODE } from "@std/http/status";
import { CopyField } from "./elements/copy_field.tsx";
import { counted } from "./elements/quantities.tsx";
import type { Failure } from "./failure.tsx";
import { htmlResponse } from "./html_response.ts";
import { renderDoor } from "./layout.tsx";

/**
 * The sign-in page. `failure` is why the last attempt failed; `to` is the page to open afterwards.
 */
export function loginPage(
  request: Request,
  { failure = null, to = "" }: { failure?: string | null; to?: string } = {},
): Response {
  const body = (
    <form method="post" action="/admin/login" class="login">
      <h1>Sign in</h1>
      {failure === null ? null : <p class="flash bad" role="alert">{failure}</p>}
      <input type="text" name="username" value="pkgstash" autocomplete="username" hidden readOnly />
      <input type="hidden" name="to" value={to} />
      <label class="field">
        <span class="label">Token</span>
        <input
          type="password"
          name="token"
          autocomplete="current-password"
          aria-describedby="hint-token"
          required
          autofocus
        />
        <span class="hint" id="hint-token">
          The daemon's <code>PKGSTASH_TOKEN</code>, the content of the file <code>token</code> from
          {" "}
          <code>--make-token</code>, or a token from <code>pkgstash token create</code>.
        </span>
      </label>
      <button type="submit" class="main">Sign in</button>
    </form>
  );
  const status = failure === null ? STATUS_CODE.OK : STATUS_CODE.Unauthorized;
  return htmlResponse(request, renderDoor("Sign in", body), { status });
}

/**
 * The page for an address that sent too many wrong tokens. `waitMs` is the time until the next
 * attempt.
 */
export function slowedPage(request: Request, waitMs: number): Response {
  const seconds = Math.ceil(waitMs / 1000);
  const body = (
    <>
      <h1>Too many wrong tokens</h1>
      <p>
        You can try again in{" "}
        {seconds < 90 ? counted(seconds, "second") : counted(Math.ceil(seconds / 60), "minute")}.
      </p>
      <p>
        <a href="/admin/login">Sign in</a>
      </p>
    </>
  );
  return htmlResponse(request, renderDoor("Sign in", body), {
    status: STATUS_CODE.TooManyRequests,
    headers: { "retry-after": `${seconds}` },
  });
}

/**
 * The page of a daemon without a usable token. `isWellKnown` means that it is the example token.
 */
export function offPage(request: Request, isWellKnown: boolean): Response {
  const body = (
    <>
      <h1>The web admin is off</h1>
      <p>
        {isWellKnown
          ? "The token is the example value, which everyone knows."
          : "No token is set, so nobody can sign in."} Create one on the daemon's machine:
      </p>
      <CopyField label="Write a token to the env_file" value={SET_TOKEN} />
      <CopyField label="Load it" value="systemctl reload pkgstash" />
      <p>Then sign in here with that token. The API and the command line use the same one.</p>
    </>
  );
  return htmlResponse(request, renderDoor("Web admin", body), { status: STATUS_CODE.Forbidden });
}

const SET_TOKEN = `echo "PKGSTASH_TOKEN=$(openssl rand -hex 32)" >> /etc/pkgstash/pkgstash.env`;

/** The page for a refused request, outside the navigation. */
export function failurePage(request: Request, { status, text }: Failure): Response {
  const body = (
    <>
      <h1>Request refused</h1>
      <p>{text}</p>
      <p>
        <a href="/admin/">To the overview</a>
      </p>
    </>
  );
  return htmlResponse(request, renderDoor("Refused", body), { status });
}
