import { assertRejects } from "@std/assert";
import { Mirroring } from "../../../src/mirroring/mirroring.ts";
import { Metrics } from "../../../src/platform/observability/metrics.ts";
import { configOf } from "../../support/configuration.ts";
import { inTempFolder } from "../../support/temp_folder.ts";

Deno.test("opening the wing releases the cache directory when it fails", () =>
  inTempFolder(async (root) => {
    const config = configOf(`cache_root = ${JSON.stringify(root)}\n`);
    const index = `${root}/.pkgstash/index.sqlite`;
    await Deno.mkdir(index, { recursive: true });
    await assertRejects(() => Mirroring.open(config, new Metrics()));
    await Deno.remove(index);
    const mirroring = await Mirroring.open(config, new Metrics());
    await mirroring.stop();
  }));
