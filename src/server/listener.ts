import type { Config } from "../config/config.ts";
import { PkgstashError, reasonOf } from "../errors.ts";
import { eventLogger } from "../platform/observability/logging.ts";

const log = eventLogger("server");

/** All addresses of both families. */
const ANY_ADDRESS = "::";
/** All addresses of a system without IPv6. */
const ANY_IPV4_ADDRESS = "0.0.0.0";

/** The keys that say where to listen. */
export type ListenSettings = Pick<
  Config,
  "listenAddress" | "port" | "tlsCertificate" | "tlsKey"
>;

/** A listening socket, with or without TLS. */
export type Listener = Deno.Listener<Deno.TcpConn | Deno.TlsConn, Deno.NetAddr>;

interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Opens a listening socket at an address. */
export type Listen = (hostname: string, port: number, certificate: Certificate | null) => Listener;

/**
 * Starts listening, on IPv4 alone if "::" is not available. `url` is the base URL.
 *
 * @throws PkgstashError if the port or the TLS certificate cannot be used.
 */
export async function openListener(
  settings: ListenSettings,
  listen: Listen = listenOn,
): Promise<{ listener: Listener; url: string }> {
  const { listenAddress, port } = settings;
  const certificate = await readCertificate(settings);
  try {
    const listener = listenOnEither(
      listenAddress,
      (hostname) => listen(hostname, port, certificate),
    );
    const { hostname, port: actualPort } = listener.addr;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return { listener, url: `${certificate === null ? "http" : "https"}://${host}:${actualPort}` };
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

function listenOnEither(address: string, listen: (hostname: string) => Listener): Listener {
  try {
    return listen(address);
  } catch (error) {
    if (address !== ANY_ADDRESS || !isWithoutIpv6(error)) throw error;
    log.info("IPv6 is not available, listening on IPv4 only", { reason: reasonOf(error) });
    return listen(ANY_IPV4_ADDRESS);
  }
}

const listenOn: Listen = (hostname, port, certificate) =>
  certificate === null
    ? Deno.listen({ hostname, port })
    : Deno.listenTls({ hostname, port, ...certificate, alpnProtocols: ["h2", "http/1.1"] });

/**
 * Whether the system does not support this address family (EAFNOSUPPORT), or has no address of it.
 */
function isWithoutIpv6(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable ||
    error instanceof Error && /\(os error 97\)/.test(error.message);
}

async function readCertificate(
  { tlsCertificate, tlsKey }: Pick<Config, "tlsCertificate" | "tlsKey">,
): Promise<Certificate | null> {
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
