// What "pkgstash-builder check" says of machines that cannot build.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runCommand } from "../../support/child_process.ts";
import { ChildBuilder } from "../../support/building/child_builder.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** Puts the state directory on an overlay, as in a container: none can be mounted on it. */
const ON_AN_OVERLAY = [
  ...["unshare", "--user", "--map-root-user", "--mount", "sh", "-euc"],
  'cd "$0" && mkdir lower upper work state\n' +
  "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work,userxattr state\n" +
  'exec "$@"',
];

Deno.test("a machine that cannot mount an overlay is found unfit, with advice", async () => {
  await using folder = await TempFolder.create();
  const check = (name: string, within: (folder: string) => readonly string[]) => {
    const own = join(folder.path, name);
    Deno.mkdirSync(own);
    const settings = { url: "http://127.0.0.1:9" };
    return ChildBuilder.start(own, settings, {
      token: `pkgstash_${"0".repeat(64)}`,
      args: ["check"],
      within: within(own),
    });
  };
  await using control = await check("disk", () => []);
  const fit = await control.ended();
  assertMatch(fit.stdout, /^ok +overlays: this user can mount them$/m);
  await using overlay = await check("overlay", (own) => [...ON_AN_OVERLAY, own]);
  const { code, stdout } = await overlay.ended();
  // The kernel makes a directory there that nobody may enter.
  await runCommand(["chmod", "-R", "u+rwX", folder.path]);
  assertEquals(code, 1, stdout);
  assertMatch(
    stdout,
    /^FAILURE +overlays: .+\n +They need Linux 5\.11 or later, and a state_directory on/m,
  );
});
