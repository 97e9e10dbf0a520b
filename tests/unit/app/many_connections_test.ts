import { assertEquals, assertMatch } from "@std/assert";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { runCommand } from "../../support/child_process.ts";
import { exchange } from "../../support/http_exchange.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const MAX_FILES = 200;

Deno.test("the daemon survives more idle connections than it may open files", async () => {
  await using folder = await TempFolder.create();
  await using child = await ChildDaemon.spawn(folder.path, {
    mirror_urls: ["http://127.0.0.1:1/"],
    max_client_connections: 0,
    max_connections: 0,
  });
  const origin = await child.origin();
  await runCommand(["prlimit", `--pid=${child.pid}`, `--nofile=${MAX_FILES}:${MAX_FILES}`]);
  const { hostname, port } = new URL(origin);
  using idle = new DisposableStack();
  for (let count = 0; count < MAX_FILES * 2; count++) {
    idle.use(await Deno.connect({ hostname, port: Number(port) }));
  }
  await child.printed(/WARNING cannot accept a connection, continuing .*Too many open files/);
  // It serves while they are open, and is not disturbed when they close.
  assertEquals((await exchange(origin, "/healthz")).status, 200);
  idle.dispose();
  assertEquals((await exchange(origin, "/healthz")).status, 200);
  child.signal("SIGTERM");
  const { code, stdout, stderr } = await child.ended();
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.match(/cannot accept a connection/g)?.length, 1);
  assertMatch(stdout, /INFO stopped\n$/);
});
