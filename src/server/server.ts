import { PkgstashError, reasonOf } from "../errors.ts";
import type { Config } from "../config/config.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { errorResponse } from "./responses.ts";

const log = eventLogger("server");

type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Promise<Response>;

/** The listening socket and the requests on it. */
export class Server {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #isSecure: boolean;

  private constructor(server: Deno.HttpServer<Deno.NetAddr>, isSecure: boolean) {
    this.#server = server;
    this.#isSecure = isSecure;
  }

  /** @throws PkgstashError if the port or the TLS certificate cannot be used. */
  static async listen(
    config: Pick<Config, "listenAddress" | "port" | "tlsCertificate" | "tlsKey">,
    handler: Handler,
  ): Promise<Server> {
    const { listenAddress, port } = config;
    const certificate = await readCertificate(config);
    try {
      const server = Deno.serve({
        hostname: listenAddress,
        port,
        onListen: () => {},
        onError: (error) => {
          // The head is sent already, so the client sees a broken transfer.
          const details = { reason: reasonOf(error) };
          if (error instanceof PkgstashError) log.warn("response broken off", details);
          else log.error("response broken off", details);
          return errorResponse(error);
        },
        ...certificate,
      }, handler);
      return new Server(server, certificate !== null);
    } catch (error) {
      const advice = error instanceof Deno.errors.AddrInUse
        ? "Stop the program that uses the port, or set port to another one."
        : certificate === null
        ? "Set listen_address to an address of this machine, and port to one that this user may use."
        : "Check listen_address and port, and the contents of tls_certificate and tls_key.";
      throw new PkgstashError(
        "conflict",
        `Cannot listen on ${listenAddress} port ${port}: ${reasonOf(error)}. ${advice}`,
        { cause: error },
      );
    }
  }

  /** The base URL it listens on. */
  get url(): string {
    const { hostname, port } = this.#server.addr;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return `${this.#isSecure ? "https" : "http"}://${host}:${port}`;
  }

  /**
   * Accepts no new connections, and waits for the requests in flight for `drainTimeoutMs` at most.
   * The rest are cut off when the downloads and the process end.
   */
  async stop(drainTimeoutMs: number): Promise<void> {
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      log.warn("transfers cut off", { after_ms: drainTimeoutMs });
      resolve();
    }, drainTimeoutMs);
    // A signal cannot abort the server once it is shutting down.
    await Promise.race([this.#server.shutdown(), timeout]);
    clearTimeout(timer);
  }
}

async function readCertificate(
  { tlsCertificate, tlsKey }: Pick<Config, "tlsCertificate" | "tlsKey">,
): Promise<{ cert: string; key: string } | null> {
  if (tlsCertificate === null || tlsKey === null) return null;
  try {
    return {
      cert: await Deno.readTextFile(tlsCertificate),
      key: await Deno.readTextFile(tlsKey),
    };
  } catch (error) {
    throw new PkgstashError(
      "invalid_config",
      `Cannot read the TLS certificate and key: ${reasonOf(error)}. ` +
        "Set tls_certificate and tls_key to files that this user can read.",
      { cause: error },
    );
  }
}
