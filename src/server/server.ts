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

  private constructor(
    server: Deno.HttpServer<Deno.NetAddr>,
    private readonly secure: boolean,
  ) {
    this.#server = server;
  }

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
          // The head is out already, so the client sees a broken transfer.
          const details = { reason: reasonOf(error) };
          if (error instanceof PkgstashError) log.warn("answer broke off", details);
          else log.error("answer broke off", details);
          return errorResponse(error);
        },
        ...certificate,
      }, handler);
      return new Server(server, certificate !== null);
    } catch (error) {
      const advice = error instanceof Deno.errors.AddrInUse
        ? "Stop what uses it, or set port to another."
        : certificate === null
        ? "Set listen_address to an address of this machine, and port to one it may use."
        : "Check listen_address and port, and that tls_certificate and tls_key hold what they say.";
      throw new PkgstashError(
        "conflict",
        `Cannot listen on ${listenAddress} port ${port}: ${reasonOf(error)}. ${advice}`,
        { cause: error },
      );
    }
  }

  /** Where it listens, with an address that can be connected to. */
  get url(): string {
    const { hostname, port } = this.#server.addr;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return `${this.secure ? "https" : "http"}://${host}:${port}`;
  }

  /**
   * Takes no new connections, and waits until those in use are done, but at most `drainTimeoutMs`
   * milliseconds. What is left then breaks off with the downloads, and with the process.
   */
  async stop(drainTimeoutMs: number): Promise<void> {
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      log.warn("transfers cut off", { after_ms: drainTimeoutMs });
      resolve();
    }, drainTimeoutMs);
    // To abort the server by a signal is not possible any more once it shuts down.
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
