import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AdministrationError } from "../../../src/cli/errors.ts";
import {
  findToken,
  PACKAGE_TOKEN_FILE,
  type TokenPlaces,
} from "../../../src/cli/administrator_token.ts";

function places(
  variable: string | undefined,
  files: Record<string, string | Error>,
  environment: Record<string, string> = {},
): TokenPlaces {
  return {
    getEnvironment: (name) => name === "PKGSTASH_TOKEN" ? variable : environment[name],
    readFile: (path) => {
      const content = files[path] ?? new Deno.errors.NotFound();
      return content instanceof Error ? Promise.reject(content) : Promise.resolve(content);
    },
  };
}

Deno.test("the token comes from the named file, else the environment, else the default file", async (t) => {
  const files = { "/t": "of-file\n", [PACKAGE_TOKEN_FILE]: "PKGSTASH_TOKEN=of-default\n" };
  for (
    const [file, variable, token, source] of [
      ["/t", "of-env", "of-file", "/t"],
      [undefined, "of-env", "of-env", "PKGSTASH_TOKEN"],
      [undefined, "", "of-default", PACKAGE_TOKEN_FILE],
      [undefined, undefined, "of-default", PACKAGE_TOKEN_FILE],
    ] as const
  ) {
    await t.step(token, async () => {
      assertEquals(await findToken(file, places(variable, files)), { token, source });
    });
  }
});

Deno.test("the user's own token file comes first, and one that cannot be read gives way to the next", async (t) => {
  const packaged = { [PACKAGE_TOKEN_FILE]: "of-package" };
  const home = "/home/anna/.config/pkgstash/token";
  const denied = new Deno.errors.PermissionDenied();
  const table: [string, Record<string, string>, Record<string, string | Error>, string][] = [
    ["home", { HOME: "/home/anna" }, { ...packaged, [home]: "of-home\n" }, home],
    [
      "XDG_CONFIG_HOME",
      { HOME: "/home/anna", XDG_CONFIG_HOME: "/x" },
      { ...packaged, [home]: "of-home", "/x/pkgstash/token": "of-x" },
      "/x/pkgstash/token",
    ],
    [
      "relative XDG_CONFIG_HOME",
      { HOME: "/home/anna", XDG_CONFIG_HOME: "x" },
      { [home]: "of-home", "x/pkgstash/token": "of-x" },
      home,
    ],
    ["no file at home", { HOME: "/home/anna" }, packaged, PACKAGE_TOKEN_FILE],
    ["one for root", { HOME: "/root" }, { ...packaged, [home]: denied }, PACKAGE_TOKEN_FILE],
    [
      "made by serve",
      {},
      { [PACKAGE_TOKEN_FILE]: denied, "state/token": "made" },
      "state/token",
    ],
  ];
  for (const [name, environment, files, source] of table) {
    await t.step(name, async () => {
      const found = await findToken(undefined, places(undefined, files, environment));
      assertEquals(found, { token: String(files[source]).trim(), source });
    });
  }
});

Deno.test("without a token, the error names every place, and says that the daemon needs one too", async () => {
  const { message, exitCode } = await assertRejects(
    () => findToken(undefined, places("", {}, { HOME: "/home/anna" })),
    AdministrationError,
  );
  assertEquals(exitCode, 4);
  for (const place of ["/home/anna/.config/pkgstash/token", PACKAGE_TOKEN_FILE, "state/token"]) {
    assertMatch(message, new RegExp(`^  ${place}: no such file\\.$`, "m"));
  }
  assertMatch(message, /The daemon needs the same token/);
});

Deno.test("a token file contains the token alone or as PKGSTASH_TOKEN=TOKEN, and nothing else is accepted", async (t) => {
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
      [new Deno.errors.PermissionDenied(), /permission denied; run this as root/],
      [new Deno.errors.NotFound(), /no such file/],
      [new Deno.errors.NotCapable(), /Deno has no permission to read it/],
    ] as const
  ) {
    await t.step(error.name, async () => {
      const { message } = await assertRejects(
        () => findToken(undefined, places(undefined, { [PACKAGE_TOKEN_FILE]: error })),
        AdministrationError,
      );
      assertMatch(message, expected);
      assertMatch(message, /\/etc\/pkgstash\/pkgstash\.env: [^]*--token-file/);
    });
  }
});
