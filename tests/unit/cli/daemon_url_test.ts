import { assertEquals, assertThrows } from "@std/assert";
import { findDaemonUrl } from "../../../src/cli/daemon_url.ts";
import { UsageError } from "../../../src/cli/errors.ts";

/** The URL for a machine with these variables and this default configuration file. */
function urlFor(
  { given, environment = {}, file = new Deno.errors.NotFound() }: {
    given?: string;
    environment?: Record<string, string>;
    file?: string | Error;
  },
): string {
  return findDaemonUrl(given, {
    getEnvironment: (name) => environment[name],
    readFile: (path) => {
      assertEquals(path, "/etc/pkgstash/pkgstash.toml");
      if (file instanceof Error) throw file;
      return file;
    },
  });
}

Deno.test("the daemon's URL comes from --url, else PKGSTASH_URL, else a port of this machine", async (t) => {
  const environment = { PKGSTASH_URL: "http://variable:1/", PKGSTASH_PORT: "2" };
  const file = "port = 3\n";
  const table: [string, Parameters<typeof urlFor>[0], string][] = [
    ["--url", { given: "http://option:1/", environment, file }, "http://option:1/"],
    ["PKGSTASH_URL", { environment, file }, "http://variable:1/"],
    ["PKGSTASH_PORT", { environment: { PKGSTASH_PORT: "2" }, file }, "http://localhost:2/"],
    ["empty variables", {
      environment: { PKGSTASH_URL: "", PKGSTASH_PORT: "" },
      file,
    }, "http://localhost:3/"],
    ["the configuration file", { file }, "http://localhost:3/"],
    ["a port as the Go version writes it", { file: 'port = "3"\n' }, "http://localhost:3/"],
    ["a file without a port", { file: 'cache_root = "/a"\n' }, "http://localhost:8090/"],
    ["a port that the system chooses", { file: "port = 0\n" }, "http://localhost:8090/"],
    ["an invalid port", { file: "port = 70000\n" }, "http://localhost:8090/"],
    ["an invalid file", { file: "port = = 3\n" }, "http://localhost:8090/"],
    ["a file that others may not read", {
      file: new Deno.errors.PermissionDenied(),
    }, "http://localhost:8090/"],
    ["nothing", {}, "http://localhost:8090/"],
  ];
  for (const [name, machine, expected] of table) {
    await t.step(name, () => assertEquals(new URL(urlFor(machine)).href, expected));
  }
});

Deno.test("anything but an HTTP URL is a wrong use of the command", () => {
  for (const given of ["stash", "ftp://stash", ""]) {
    assertThrows(() => urlFor({ given }), UsageError, `"${given}" is not an HTTP URL`);
  }
});
