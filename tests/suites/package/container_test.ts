// The container image, built by buildah without a network and run. Needs root, and the programs of
// "deno task compile". The base image is made of this machine's shell and libraries.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { runCommand, sendSignal, startProgram } from "../../support/child_process.ts";
import { exchange } from "../../support/http_exchange.ts";
import { PROJECT } from "../../support/project.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const PROGRAM = "dist/pkgstash";
const TOOLS = ["/bin/sh", "/usr/bin/install"];

/** Runs buildah with storage of its own, without anything that the machine may lack. */
function buildahIn(folder: TempFolder) {
  const argv = ["buildah", "--root", folder.join("storage"), "--runroot", folder.join("run")];
  const env = { STORAGE_DRIVER: "vfs", BUILDAH_ISOLATION: "chroot" };
  return {
    run: async (...args: string[]) =>
      (await runCommand([...argv, ...args], { cwd: PROJECT, env })).trim(),
    start: (...args: string[]) => startProgram([...argv, ...args], { cwd: PROJECT, env }),
  };
}

async function makeBase(root: string): Promise<void> {
  for (const path of ["etc", "proc", "sys", "dev", "tmp", "usr/bin", "usr/lib", "usr/lib64"]) {
    await Deno.mkdir(`${root}/${path}`, { recursive: true });
  }
  for (const name of ["bin", "lib", "lib64"]) await Deno.symlink(`usr/${name}`, `${root}/${name}`);
  const linked = await runCommand(["ldd", ...TOOLS, PROGRAM], { cwd: PROJECT });
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
  for (const path of new Set([...TOOLS, ...libraries])) {
    await Deno.mkdir(`${root}${dirname(path)}`, { recursive: true });
    await Deno.copyFile(path, `${root}${path}`);
  }
}

Deno.test("the image serves as an ordinary user, is healthy, and stops on request", async () => {
  await using folder = await TempFolder.create("pkgstash-container-");
  const buildah = buildahIn(folder);
  await makeBase(folder.join("base"));
  const scratch = await buildah.run("from", "scratch");
  await buildah.run("copy", "--quiet", scratch, folder.join("base"), "/");
  await buildah.run("commit", "--quiet", scratch, "localhost/base");
  const base = ["--pull-never", "--build-arg", "BASE=localhost/base"];
  await buildah.run("build", "--format", "docker", ...base, "--tag", "localhost/pkgstash", ".");

  const image = JSON.parse(await buildah.run("inspect", "--type", "image", "localhost/pkgstash"));
  const { User, Healthcheck, Entrypoint, Cmd } = image.Docker.config;
  const container = await buildah.run("from", "localhost/pkgstash");
  const daemon = buildah.start(
    ...["run", "--env", "PKGSTASH_PORT=0", "--env", "PKGSTASH_MIRROR_URLS=http://127.0.0.1:9/"],
    ...[container, "--", ...Entrypoint, ...Cmd],
  );
  const url = await printed(daemon.stdout, /is listening on http:\/\/\S+:(\d+)/)
    .then((port) => `http://127.0.0.1:${port}`);
  try {
    assertEquals((await exchange(url, "/healthz")).status, 200);
    const [kind, ...check] = Healthcheck.Test;
    assertEquals(kind, "CMD");
    const healthy = await buildah.run("run", "--env", `PKGSTASH_URL=${url}`, container, ...check);
    assertStringIncludes(healthy, "Server = ");
    const status = await Deno.readTextFile(`/proc/${await daemonOf(daemon.pid)}/status`);
    assertEquals(/^Uid:\s+(\d+)/m.exec(status)?.[1], User.split(":")[0]);
  } finally {
    sendSignal(await daemonOf(daemon.pid), "SIGTERM");
    const [{ code }] = await Promise.all([
      daemon.status,
      daemon.stdout.pipeTo(new WritableStream()),
      daemon.stderr.pipeTo(new WritableStream()),
    ]);
    assertEquals(code, 0);
  }
});

/** The process that runs the program: the last in buildah's chain. */
async function daemonOf(pid: number): Promise<number> {
  // Each thread has the children that it started.
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const [child] = (await Deno.readTextFile(`/proc/${pid}/task/${name}/children`)).split(" ");
    if (child !== undefined && child !== "") return await daemonOf(Number(child));
  }
  return pid;
}

/** What the first group of a pattern matches in a program's output, as soon as it does. */
async function printed(output: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of output.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    const match = pattern.exec(text);
    if (match !== null) return match[1]!;
  }
  throw new Error(`The container ended without printing ${pattern}:\n${text}`);
}
