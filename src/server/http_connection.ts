import { PkgstashError } from "../errors.ts";

/** Answers one request. */
export type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

/**
 * Deno sends a body in the same packet as its head, with one call of the system instead of two, if
 * both fit into the buffer that the connection has for heads: 512 bytes, doubled for good by a longer
 * head. This header means nothing but makes a head longer, so that there is room for signatures.
 */
const PADDING = { name: "x-padding", value: "0".repeat(420) } as const;

/** HTTP on one connection. */
export interface HttpConnection extends DenoHttpConnection {
  /** Closes it at once. */
  cut(): void;
}

/** As Deno has it. */
interface DenoHttpConnection {
  /** Settles when the connection is closed, by whichever side. */
  readonly finished: Promise<void>;
  /** Closes it once the requests in flight are answered and their responses sent. */
  shutdown(): Promise<void>;
}

/**
 * Whether `shutdown` may be called without a request in flight. Before 2.9, Deno panics if the
 * connection ends at that moment; the end of a response that nobody has read for long is lost then.
 */
export const CAN_SHUT_DOWN_IDLE = !/^2\.[0-8]\./.test(Deno.version.deno);

type ServeHttpOnConnection = (
  connection: Deno.Conn<Deno.NetAddr>,
  /** Only this is called of the signal: with what cuts the connection off. */
  signal: { addEventListener(type: "abort", cut: () => void): void },
  handler: Handler,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => DenoHttpConnection;

/**
 * The part of `Deno.serve` that serves one connection. Deno has no public name for it, but
 * `Deno.serve` itself leaves nothing to its caller: it does not close idle connections, does not
 * say how many there are, and ends when no more files can be opened.
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
 * @throws PkgstashError if this version of Deno cannot do that.
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
  // Both fail with whatever happened to the connection, such as a client that is gone.
  const shutdown = () => served.shutdown().catch(() => {});
  return {
    // After an error of the connection, only a shutdown releases what Deno holds of it.
    finished: served.finished.catch(shutdown),
    shutdown,
    cut: () => {
      try {
        cutOff();
      } catch (error) {
        // It is being closed already.
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    },
  };
}

/** Pads one response that may have a body: the second one, as the first may be the last as well. */
function withPadding(handler: Handler): Handler {
  let count = 0;
  const pad = (response: Response): Response => {
    // Those of another status may be shared by many requests.
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
