import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  type NotifyEnvironment,
  notifyEnvironment,
  ServiceManager,
} from "../../../src/platform/systemd/service_manager.ts";

/** Runs with a socket like that of systemd; `next` resolves to the next message. */
async function withManager(
  watchdogMs: number | null,
  run: (manager: ServiceManager, next: () => Promise<string>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const environment: NotifyEnvironment = { socket: join(folder, "notify"), watchdogMs };
  const systemd = Deno.listenDatagram({ transport: "unixpacket", path: environment.socket });
  try {
    using manager = ServiceManager.connect(environment, folder)!;
    await run(manager, async () => new TextDecoder().decode((await systemd.receive())[0]), folder);
  } finally {
    systemd.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the service manager is notified of readiness, status and stopping", () =>
  withManager(null, async (manager, next, folder) => {
    await manager.reportReady("Serving on\nhttp://127.0.0.1");
    assertEquals(await next(), "READY=1\nSTATUS=Serving on http://127.0.0.1");
    await manager.reportStatus("changed");
    assertEquals(await next(), "STATUS=changed");
    await manager.reportStopping(45_000);
    assertEquals(
      await next(),
      "STOPPING=1\nEXTEND_TIMEOUT_USEC=45000000\nSTATUS=Waiting for transfers in flight",
    );
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["notify"]);
  }));

Deno.test("the watchdog is notified periodically once the server is ready", () =>
  withManager(20, async (manager, next) => {
    await manager.reportReady("Serving");
    assertEquals(await next(), "READY=1\nSTATUS=Serving");
    assertEquals(await next(), "WATCHDOG=1");
    assertEquals(await next(), "WATCHDOG=1");
  }));

Deno.test("the environment is read for socket, watchdog period and process", () => {
  const read = (variables: Record<string, string>) =>
    notifyEnvironment((name) => variables[name], 7);
  const socket = "/run/systemd/notify";
  assertEquals(read({}), null);
  assertEquals(read({ NOTIFY_SOCKET: "@abstract" }), null);
  assertEquals(read({ NOTIFY_SOCKET: socket }), { socket, watchdogMs: null });
  const watched = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "60000000" };
  assertEquals(read(watched), { socket, watchdogMs: 60_000 });
  assertEquals(read({ ...watched, WATCHDOG_PID: "7" }), { socket, watchdogMs: 60_000 });
  assertEquals(read({ ...watched, WATCHDOG_PID: "8" }), { socket, watchdogMs: null });
});
