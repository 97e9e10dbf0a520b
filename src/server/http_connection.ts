import { PkgstashError } from "../errors.ts";

/** Answers one request. */
export type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

/**
 * Deno sends a body in the same packet as its head, with one system call instead of two, if both
 * fit into the connection's buffer for heads: 512 bytes, doubled permanently by a longer head. The
 * only purpose of this header is to lengthen a head, so that signatures fit too.
 */
const PADDING = { name: "x-padding", value: "0".repeat(420) } as const;

/** HTTP on one connection. */
export interface HttpConnection extends DenoHttpConnection {
  /** Closes it at once. */
  cut(): void;
}

/** The request, as Deno provides it. */
interface DenoHttpConnection {
  /** Settles when either side has closed the connection. */
  readonly finished: Promise<void>;
  /** Closes it once the requests in flight are answered and their responses sent. */
  shutdown(): Promise<void>;
}

/**
 * Whether `shutdown` may be called without a request in flight. Before 2.9, Deno panics if the
 * connection ends at that moment; the end of a response that the peer has not read for long is then
 * lost.
 */
export const CAN_SHUT_DOWN_IDLE = !/^2\.[0-8]\./.test(Deno.version.deno);

type ServeHttpOnConnection = (
  connection: Deno.Conn<Deno.NetAddr>,
  /**
   * The only method of the signal that Deno calls, with the function that cuts off the connection.
   */
  signal: { addEventListener(type: "abort", cut: () => void): void },
  handler: Handler,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => DenoHttpConnection;

/**
 * The part of `Deno.serve` that serves one connection. It has no public name, but `Deno.serve`
 * itself gives its caller no control: it does not close idle connections or report their number,
 * and it ends when no more files can be opened.
 */
function serveHttpOnConnection(): ServeHttpOnConnection {
  const symbol = Reflect.get(Deno, "internal") as symbol;
  const internals = Reflect.get(Deno, symbol) as { serveHttpOnConnection?: ServeHttpOnConnection };
  if (internals.serveHttpOnConnection !== undefined) return internals.serveHttpOnConnection;
  throw new PkgstashError(
    "conflict",
    `Cannot serve HTTP: Deno ${Deno.version.deno} cannot serve single connections. ` +
      "Use the version that the README names.",
  );
}

/**
 * Serves HTTP/1.1 and HTTP/2 on a connection. `onError` is called when a response breaks off.
 *
 * @throws PkgstashError if this version of Deno does not support it.
 */
export function serveHttp(
  connection: Deno.Conn<Deno.NetAddr>,
  handler: Handler,
  onError: (error: unknown) => Response,
): HttpConnection {
  let cutOff = () => {};
  const signal = {
    addEventListener: (_type: "abort", cut: () => void) => {
      cutOff = cut;
    },
  };
  const padding = withPadding(handler);
  const served = serveHttpOnConnection()(connection, signal, padding, onError, () => {});
  // Both fail if anything happened to the connection, such as a disconnected client.
  const shutdown = () => served.shutdown().catch(() => {});
  return {
    // After an error of the connection, only a shutdown releases Deno's resources for it.
    finished: served.finished.catch(shutdown),
    shutdown,
    cut: () => {
      try {
        cutOff();
      } catch (error) {
        // It is already being closed.
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    },
  };
}

/** Pads one response that may have a body: the second one, as the first may also be the last. */
function withPadding(handler: Handler): Handler {
  let count = 0;
  const pad = (response: Response): Response => {
    // Responses with another status may be shared by many requests.
    if (response.status === 200 && ++count === 2) {
      response.headers.set(PADDING.name, PADDING.value);
    }
    return response;
  };
  return (request, info) => {
    const response = handler(request, info);
    if (count > 1 || request.method !== "GET") return response;
    return response instanceof Response ? pad(response) : response.then(pad);
  };
}
