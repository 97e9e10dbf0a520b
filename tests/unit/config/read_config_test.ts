import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ConfigProblems } from "../../../src/config/problem.ts";
import { readConfig } from "../../../src/config/read_config.ts";
import { inTempFolder } from "../../support/temp_folder.ts";

Deno.test("a configuration file and its env_file are read from disk", async () => {
  await inTempFolder(async (directory) => {
    const file = join(directory, "pkgstash.toml");
    const envFile = join(directory, "pkgstash.env");
    await Deno.writeTextFile(file, `env_file = "${envFile}"\nport = "8081"\n`);
    await Deno.writeTextFile(envFile, "PKGSTASH_TOKEN='s3cret'\n");
    await Deno.chmod(envFile, 0o640);
    const { config, origins, file: read } = await readConfig(file);
    assertEquals(read, file);
    assertEquals(config.port, 8081);
    assertEquals(config.token, "s3cret");
    assertEquals(origins.get("token"), envFile);

    await Deno.chmod(envFile, 0o644);
    const error = await assertRejects(() => readConfig(file), ConfigProblems);
    assertEquals(error.problems.map((problem) => problem.source), [envFile]);
  });
});

Deno.test("a named file that does not exist is an error, not the defaults", async () => {
  await inTempFolder(async (directory) => {
    const file = join(directory, "absent.toml");
    const error = await assertRejects(() => readConfig(file), ConfigProblems);
    assertEquals(error.kind, "invalid_config");
    assertMatch(error.message, /absent\.toml: found no such file/);
  });
});

Deno.test("a relative cache_root is resolved against the working directory", async () => {
  await inTempFolder(async (directory) => {
    const file = join(directory, "pkgstash.toml");
    await Deno.writeTextFile(file, 'cache_root = "store"\n');
    const { config: { cacheRoot } } = await readConfig(file);
    assertEquals(cacheRoot, join(Deno.cwd(), "store"));
    assert(!cacheRoot.startsWith(directory));
  });
});
