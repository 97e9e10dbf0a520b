// Browsers refuse 10080.
const FIRST_PORT = 11_000;
/** Where the ports begin that Linux gives to connections and to listeners without a port. */
const FIRST_EPHEMERAL_PORT = 32_768;
const BLOCK_SIZE = 100;

/**
 * Holds the first port of a block. Programs and test files that run side by side have a block each,
 * so nobody else takes a free port before whoever asked for it listens on it.
 */
const held: Deno.TcpListener = holdBlock();
let lastPort = held.addr.port;

/** A TCP port of 127.0.0.1 on which nothing listens, for programs that cannot choose one themselves. */
export function freePort(): number {
  for (let attempt = 1; attempt < BLOCK_SIZE; attempt++) {
    lastPort++;
    if (lastPort >= held.addr.port + BLOCK_SIZE) lastPort = held.addr.port + 1;
    using listener = tryToListen(lastPort);
    if (listener !== null) return lastPort;
  }
  throw new Error(`All ports from ${held.addr.port} on are in use.`);
}

function holdBlock(): Deno.TcpListener {
  const blocks = Math.floor((FIRST_EPHEMERAL_PORT - FIRST_PORT) / BLOCK_SIZE);
  const start = Math.floor(Math.random() * blocks);
  for (let index = 0; index < blocks; index++) {
    const port = FIRST_PORT + ((start + index) % blocks) * BLOCK_SIZE;
    const listener = tryToListen(port);
    if (listener !== null) return listener;
  }
  throw new Error(`Every ${BLOCK_SIZE}th port from ${FIRST_PORT} on is in use.`);
}

function tryToListen(port: number): Deno.TcpListener | null {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return null;
    throw error;
  }
}

/** Whether something accepts connections on a port of 127.0.0.1. */
export async function isListening(port: number): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch {
    return false;
  }
}
