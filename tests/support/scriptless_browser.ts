import { TOKEN } from "./administration.ts";
import type { Answer } from "./http_exchange.ts";
import type { TestApp } from "./test_app.ts";

/** A browser without scripts: it keeps the cookie, and says where a form is. */
export class ScriptlessBrowser {
  readonly #app: TestApp;
  cookie = "";

  constructor(app: TestApp) {
    this.#app = app;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#app.request("GET", path, { headers: { cookie: this.cookie, ...headers } });
  }

  async post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = { origin: this.#app.origin },
  ): Promise<Answer> {
    const answer = await this.#app.request("POST", path, {
      headers: { cookie: this.cookie, ...headers },
      body: new URLSearchParams(fields).toString(),
    });
    const set = answer.headers.get("set-cookie");
    if (set !== null) this.cookie = set.split(";")[0]!;
    return answer;
  }

  signIn(token = TOKEN): Promise<Answer> {
    return this.post("/admin/login", { token });
  }
}
