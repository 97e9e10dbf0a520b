import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { stringify } from "@std/toml";
import { PkgstashError } from "../../src/errors.ts";
import { reachableUrls, serve } from "../../src/serve.ts";
import { freePort } from "../support/free_port.ts";
import { TempFolder } from "../support/temp_folder.ts";

Deno.test("a start that fails ends after its log is written", async () => {
  await using folder = await TempFolder.create();
  const port = freePort();
  using _taken = Deno.listen({ hostname: "127.0.0.1", port });
  const configPath = folder.join("pkgstash.toml");
  const settings = {
    cache_root: folder.join("cache"),
    state_root: folder.join("state"),
    listen_address: "127.0.0.1",
    port,
  };
  await Deno.writeTextFile(configPath, stringify(settings));
  await Deno.mkdir(folder.join("cache", ".pkgstash"), { recursive: true });
  await Deno.writeTextFile(folder.join("cache", ".pkgstash", "index.sqlite"), "no database");
  let written = "";
  const { write } = Deno.stdout;
  Deno.stdout.write = async (bytes) => {
    // A reader that is slower than the failure.
    await delay(300);
    written += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  try {
    await assertRejects(() => serve({ configPath }), PkgstashError, "Cannot listen");
  } finally {
    Deno.stdout.write = write;
  }
  assertMatch(written, /WARNING cannot use the database/);
});

Deno.test("the start prints URLs that a browser can open", () => {
  for (const all of ["http://[::]:8090", "http://0.0.0.0:8090"]) {
    assertEquals(reachableUrls(all, "tux"), {
      here: "http://localhost:8090",
      elsewhere: "http://tux:8090",
    });
  }
  for (const one of ["https://[::1]:443", "http://192.168.1.5:80", "http://10.0.0.0:80"]) {
    assertEquals(reachableUrls(one, "tux"), { here: one, elsewhere: one });
  }
});
