// Prometheus's own tool reads the alert rules, and plays days of samples to them.
import { join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";
import { PROJECT } from "../../support/project.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const RULES = "deploy/monitoring/alerts.yml";
const CASES = "tests/suites/e2e/alerts_cases.yml";

Deno.test("each fault raises its alert, and a healthy daemon raises none", async () => {
  await using folder = await TempFolder.create();
  for (const path of [RULES, CASES]) {
    await Deno.copyFile(join(PROJECT, path), folder.join(path.replace(/.*\//, "")));
  }
  await runCommand(["promtool", "check", "rules", folder.join("alerts.yml")]);
  await runCommand(["promtool", "test", "rules", folder.join("alerts_cases.yml")]);
});
