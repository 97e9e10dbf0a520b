import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AdministrationError } from "../../../src/cli/errors.ts";
import {
  DEFAULT_TOKEN_FILE,
  findToken,
  type TokenPlaces,
} from "../../../src/cli/administrator_token.ts";

function places(
  variable: string | undefined,
  files: Record<string, string | Error>,
): TokenPlaces {
  return {
    getEnvironment: (name) => name === "PKGSTASH_TOKEN" ? variable : undefined,
    readFile: (path) => {
      const content = files[path] ?? new Deno.errors.NotFound();
      return content instanceof Error ? Promise.reject(content) : Promise.resolve(content);
    },
  };
}

Deno.test("the token comes from the named file, else the environment, else the default file", async (t) => {
  const files = { "/t": "of-file\n", [DEFAULT_TOKEN_FILE]: "PKGSTASH_TOKEN=of-default\n" };
  for (
    const [file, variable, token, source] of [
      ["/t", "of-env", "of-file", "/t"],
      [undefined, "of-env", "of-env", "PKGSTASH_TOKEN"],
      [undefined, "", "of-default", DEFAULT_TOKEN_FILE],
      [undefined, undefined, "of-default", DEFAULT_TOKEN_FILE],
    ] as const
  ) {
    await t.step(token, async () => {
      assertEquals(await findToken(file, places(variable, files)), { token, source });
    });
  }
});

Deno.test("a token file has the token alone or in its line, and anything else is refused", async (t) => {
  for (
    const [content, token] of [
      ["abc", "abc"],
      ["  abc=\n", "abc="],
      ["PKGSTASH_TOKEN=abc", "abc"],
      ["# comment\nPKGSTASH_PORT=81\nPKGSTASH_TOKEN='a b'\n", null],
      ['PKGSTASH_TOKEN="abc"\r\n', "abc"],
      ["PKGSTASH_TOKEN=\n", null],
      ["PKGSTASH_PORT=81\n", null],
      ["", null],
      ["two words", null],
      ["größe", null],
    ] as const
  ) {
    await t.step(content || "nothing", async () => {
      const found = findToken("/t", places(undefined, { "/t": content }));
      if (token !== null) return assertEquals((await found).token, token);
      const { message, exitCode } = await assertRejects(() => found, AdministrationError);
      assertEquals(exitCode, 4);
      assertMatch(message, /^Cannot read the administrator's token\.\n {2}\/t: /);
    });
  }
});

Deno.test("an unreadable default file is reported with the reason and what to do", async (t) => {
  for (
    const [error, expected] of [
      [new Deno.errors.PermissionDenied(), /this user may not read it; become root/],
      [new Deno.errors.NotFound(), /no such file/],
      [new Deno.errors.NotCapable(), /this program may not read it/],
    ] as const
  ) {
    await t.step(error.name, async () => {
      const { message } = await assertRejects(
        () => findToken(undefined, places(undefined, { [DEFAULT_TOKEN_FILE]: error })),
        AdministrationError,
      );
      assertMatch(message, expected);
      assertMatch(message, /\/etc\/pkgstash\/pkgstash\.env: .*\n.*--token-file/);
    });
  }
});
