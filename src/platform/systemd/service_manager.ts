import { join } from "@std/path";
import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../observability/logging.ts";

const log = eventLogger("systemd");

/** Variables by which a service manager says how it is to be told (sd_notify(3)). */
export const NOTIFY_VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;

/** How a service manager wants to be told. */
export interface NotifyEnvironment {
  /** Path of its socket. */
  readonly socket: string;
  /** Milliseconds of silence after which it restarts us; null for no limit. */
  readonly watchdog: number | null;
}

/** Reads those variables; null when nobody wants to be told, or only by an abstract socket. */
export function notifyEnvironment(
  get: (name: string) => string | undefined,
  pid: number,
): NotifyEnvironment | null {
  const socket = get("NOTIFY_SOCKET");
  if (socket === undefined || !socket.startsWith("/")) return null;
  const watchdogPid = get("WATCHDOG_PID");
  const forUs = watchdogPid === undefined || Number(watchdogPid) === pid;
  const watchdog = Number(get("WATCHDOG_USEC") ?? "0") / 1000;
  return { socket, watchdog: forUs && watchdog > 0 ? watchdog : null };
}

/**
 * The service manager that started this process. It hears that we are ready, and then every half
 * watchdog period that the event loop still turns.
 */
export class ServiceManager implements Disposable {
  readonly #socket: Deno.DatagramConn;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(private readonly environment: NotifyEnvironment, directory: string) {
    // Deno sends datagrams only from a socket that has a name; it is free again at once.
    const path = join(directory, `notify-${Deno.pid}`);
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    Deno.removeSync(path);
  }

  /** @param directory Where a socket may be made for a moment. */
  static connect(environment: NotifyEnvironment, directory: string): ServiceManager | null {
    try {
      return new ServiceManager(environment, directory);
    } catch (error) {
      log.error("service manager cannot be told anything", { reason: reasonOf(error) });
      return null;
    }
  }

  /** The server serves; `status` is a line for `systemctl status`. */
  async ready(status: string): Promise<void> {
    const { watchdog } = this.environment;
    if (watchdog !== null && this.#timer === undefined) {
      this.#timer = setInterval(() => this.#tell("WATCHDOG=1"), watchdog / 2);
    }
    await this.#tell("READY=1", `STATUS=${oneLine(status)}`);
  }

  async status(status: string): Promise<void> {
    await this.#tell(`STATUS=${oneLine(status)}`);
  }

  /** The server ends within this many milliseconds. */
  async stopping(within: number): Promise<void> {
    await this.#tell(
      "STOPPING=1",
      `EXTEND_TIMEOUT_USEC=${Math.ceil(within * 1000)}`,
      "STATUS=Waiting for transfers in flight",
    );
  }

  async #tell(...assignments: string[]): Promise<void> {
    const message = new TextEncoder().encode(assignments.join("\n"));
    try {
      await this.#socket.send(message, { transport: "unixpacket", path: this.environment.socket });
    } catch (error) {
      log.error("service manager not told", { reason: reasonOf(error), message: assignments[0]! });
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}
