import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";

const PROJECT = fromFileUrl(new URL("../../", import.meta.url));
const READY = "Ctrl-C stops everything";

/** `deno task dev`, and what it has printed. */
class DevelopmentServer implements AsyncDisposable {
  readonly #child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-P=dev", "tests/dev/dev.ts", "--any-port"],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  readonly #stderr = new Response(this.#child.stderr).text();
  readonly #stdout = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  output = "";

  /** Reads until `text` was printed. */
  async printed(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      const { done, value } = await this.#stdout.read();
      if (done) throw new Error(`It ended before it printed "${text}":\n${await this.#stderr}`);
      this.output += value;
    }
  }

  /** The value of a line of the introduction, such as `URL`. */
  value(name: string): string {
    return new RegExp(`^ {2}${name} +(.+)$`, "m").exec(this.output)![1]!;
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: Deno.Signal): Promise<number> {
    this.#child.kill(signal);
    while (!(await this.#stdout.read()).done);
    await this.#stderr;
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#stdout.cancel();
    await this.#stderr;
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`deno task dev serves a filled cache and leaves nothing after ${signal}`, async () => {
    await using server = new DevelopmentServer();
    await server.printed(READY);
    const url = server.value("URL");
    const ask = async (path: string, token: string) => {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
      return { status: response.status, body: await response.text() };
    };
    assertEquals((await ask("/api/v1/status", "another")).status, 401);
    assertEquals((await ask("/api/v1/status", server.value("token"))).status, 200);
    const { body } = await ask("/api/v1/packages", server.value("token"));
    for (const version of ["6.17.8-1", "6.17.9-1"]) assertStringIncludes(body, `linux-${version}`);
    assertEquals((await ask("/core/os/x86_64/core.db", "")).status, 200);
    assertMatch(server.value("mirrorlist"), /^Server = http:\S+\/\$repo\/os\/\$arch$/);

    assertEquals(await server.stop(signal), 0);
    const cache = server.value("cache");
    assert(cache.startsWith("/tmp/"));
    assert(!await exists(cache.replace(/\/cache$/, "")), "its folder is removed");
    await assertRefused(url);
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function assertRefused(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) }).catch(() => null);
  connection?.close();
  assertEquals(connection, null, "nothing listens any more");
}
