import { join } from "@std/path";
import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../observability/logging.ts";

const log = eventLogger("systemd");

/** The variables with which a service manager requests notifications (sd_notify(3)). */
export const NOTIFY_VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;

/** The notifications that a service manager requests. */
export interface NotifyEnvironment {
  /** Path of its socket. */
  readonly socket: string;
  /** Time without a notification after which it restarts this process; null for no limit. */
  readonly watchdogMs: number | null;
}

/**
 * Reads `NOTIFY_VARIABLES`; returns null if no notifications are requested, or only on an abstract
 * socket, to which Deno cannot send.
 */
export function notifyEnvironment(
  get: (name: string) => string | undefined,
  pid: number,
): NotifyEnvironment | null {
  const socket = get("NOTIFY_SOCKET");
  if (socket === undefined || !socket.startsWith("/")) return null;
  const watchdogPid = get("WATCHDOG_PID");
  const isMeant = watchdogPid === undefined || Number(watchdogPid) === pid;
  const watchdogMs = Number(get("WATCHDOG_USEC") ?? "0") / 1000;
  return { socket, watchdogMs: isMeant && watchdogMs > 0 ? watchdogMs : null };
}

/**
 * The service manager that started this process. It is notified when the daemon is ready, and from
 * then on every half watchdog period, to prove that the event loop still runs.
 */
export class ServiceManager implements Disposable {
  readonly #environment: NotifyEnvironment;
  readonly #socket: Deno.DatagramConn;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(environment: NotifyEnvironment, directory: string) {
    this.#environment = environment;
    // Deno sends datagrams only from a named socket; the name can be removed at once.
    const path = join(directory, `notify-${Deno.pid}`);
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    Deno.removeSync(path);
  }

  /**
   * Prepares a socket from which to notify; returns null, and logs why, if that fails. `directory`
   * is where the socket may be created for a moment.
   */
  static connect(environment: NotifyEnvironment, directory: string): ServiceManager | null {
    try {
      return new ServiceManager(environment, directory);
    } catch (error) {
      log.error("cannot connect to the service manager", { reason: reasonOf(error) });
      return null;
    }
  }

  /** Reports that the daemon is ready; `status` is a line for `systemctl status`. */
  async reportReady(status: string): Promise<void> {
    const { watchdogMs } = this.#environment;
    if (watchdogMs !== null && this.#timer === undefined) {
      this.#timer = setInterval(() => this.#notify("WATCHDOG=1"), watchdogMs / 2);
    }
    await this.#notify("READY=1", `STATUS=${oneLine(status)}`);
  }

  /** Replaces the line of `systemctl status`. */
  async reportStatus(status: string): Promise<void> {
    await this.#notify(`STATUS=${oneLine(status)}`);
  }

  /** Reports that the daemon is stopping, and requests this much time for it. */
  async reportStopping(withinMs: number): Promise<void> {
    await this.#notify(
      "STOPPING=1",
      `EXTEND_TIMEOUT_USEC=${Math.ceil(withinMs * 1000)}`,
      "STATUS=Waiting for transfers in flight",
    );
  }

  async #notify(state: string, ...more: string[]): Promise<void> {
    const message = new TextEncoder().encode([state, ...more].join("\n"));
    try {
      await this.#socket.send(message, {
        transport: "unixpacket",
        path: this.#environment.socket,
      });
    } catch (error) {
      log.error("cannot notify the service manager", { reason: reasonOf(error), message: state });
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
