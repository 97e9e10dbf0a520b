import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  type NotifyEnvironment,
  notifyEnvironment,
  ServiceManager,
} from "../../../src/platform/systemd/service_manager.ts";

/** Runs with a socket such as systemd has; `next` gives the next message. */
async function withManager(
  watchdog: number | null,
  run: (manager: ServiceManager, next: () => Promise<string>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const environment: NotifyEnvironment = { socket: join(folder, "notify"), watchdog };
  const systemd = Deno.listenDatagram({ transport: "unixpacket", path: environment.socket });
  try {
    using manager = ServiceManager.connect(environment, folder)!;
    await run(manager, async () => new TextDecoder().decode((await systemd.receive())[0]), folder);
  } finally {
    systemd.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the service manager hears that the server is ready, its status, and that it ends", () =>
  withManager(null, async (manager, next, folder) => {
    await manager.ready("Serving on\nhttp://127.0.0.1");
    assertEquals(await next(), "READY=1\nSTATUS=Serving on http://127.0.0.1");
    await manager.status("changed");
    assertEquals(await next(), "STATUS=changed");
    await manager.stopping(45_000);
    assertEquals(
      await next(),
      "STOPPING=1\nEXTEND_TIMEOUT_USEC=45000000\nSTATUS=Waiting for transfers in flight",
    );
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["notify"]);
  }));

Deno.test("a watchdog hears from the server once it is ready", () =>
  withManager(20, async (manager, next) => {
    await manager.ready("Serving");
    assertEquals(await next(), "READY=1\nSTATUS=Serving");
    assertEquals(await next(), "WATCHDOG=1");
    assertEquals(await next(), "WATCHDOG=1");
  }));

Deno.test("the environment says where, how often, and whether this process is meant", () => {
  const read = (variables: Record<string, string>) =>
    notifyEnvironment((name) => variables[name], 7);
  const socket = "/run/systemd/notify";
  assertEquals(read({}), null);
  assertEquals(read({ NOTIFY_SOCKET: "@abstract" }), null);
  assertEquals(read({ NOTIFY_SOCKET: socket }), { socket, watchdog: null });
  const watched = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "60000000" };
  assertEquals(read(watched), { socket, watchdog: 60_000 });
  assertEquals(read({ ...watched, WATCHDOG_PID: "7" }), { socket, watchdog: 60_000 });
  assertEquals(read({ ...watched, WATCHDOG_PID: "8" }), { socket, watchdog: null });
});
