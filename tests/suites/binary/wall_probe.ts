import { renounceReading, renounceWriting } from "../../../src/platform/permissions.ts";

// Tries everything that the binary must not be able to do, and prints what is possible.
// As the daemon does right before it runs.
await renounceReading();
await renounceWriting();

const attempts: Record<string, () => unknown> = {
  "read /etc/shadow": () => Deno.readTextFileSync("/etc/shadow"),
  "read the home directory": () => [...Deno.readDirSync("/root")],
  "write /tmp": () => Deno.writeTextFileSync("/tmp/pkgstash-wall-probe", ""),
  "write /etc/pkgstash": () => Deno.writeTextFileSync("/etc/pkgstash/pkgstash-wall-probe", ""),
  "run a program": () => new Deno.Command("/bin/true").outputSync(),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "import code": () => import(["https:", "jsr.io/@std/path/1.0.0/mod.ts"].join("//")),
  "read HOME": () => Deno.env.get("HOME"),
  "list the environment": () => Deno.env.toObject(),
  "read the user's id": () => Deno.uid(),
  "read the load": () => Deno.loadavg(),
};

// A compiled program cannot fetch modules at all, so an import fails before the permission check.
const REFUSAL = /Requires \w+ access|Module not found/;

for (const [what, attempt] of Object.entries(attempts)) {
  let outcome = "possible";
  try {
    await attempt();
  } catch (error) {
    const { message } = error as Error;
    outcome = REFUSAL.test(message) ? "refused" : message;
  }
  console.log(`${what}: ${outcome}`);
}
