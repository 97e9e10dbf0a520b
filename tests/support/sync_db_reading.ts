import { assert, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { packTar } from "modern-tar";
import { eventLoopTurn } from "../../src/async/event_loop_turn.ts";
import { PkgstashError } from "../../src/errors.ts";
import {
  readSyncDb,
  type ReadSyncDbOptions,
  type SyncDbPackage,
} from "../../src/formats/pacman/sync_db.ts";

/** A stream of bytes in chunks of a given size. */
export function streamOf(
  bytes: Uint8Array,
  chunkBytes = 64 * 1024,
): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    pull(controller): void {
      if (offset >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(offset, offset + chunkBytes));
      offset += chunkBytes;
    },
  }, { highWaterMark: 0 });
}

/** All bytes of a stream. */
export async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>)
      .arrayBuffer(),
  );
}

/** All packages of a database in memory. */
export async function packagesOf(
  database: Uint8Array,
  options?: ReadSyncDbOptions,
): Promise<readonly SyncDbPackage[]> {
  const { packages } = await readSyncDb(streamOf(database), options);
  assert(packages !== null);
  return packages;
}

/** Asserts that a promise rejects with an error of kind "content", and returns that. */
export async function contentError(promise: Promise<unknown>): Promise<PkgstashError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason);
  assertInstanceOf(error, PkgstashError);
  assertStrictEquals(error.kind, "content");
  return error;
}

/** A member of a tar: a file with this content, or a folder if it is null. */
export type TarMember = readonly [name: string, content: string | null];

/** An uncompressed tar. */
export async function tarOf(...members: readonly TarMember[]): Promise<Uint8Array> {
  return await packTar(members.map(([name, content]) => ({
    header: {
      name,
      size: content === null ? 0 : new TextEncoder().encode(content).length,
      type: content === null ? "directory" as const : "file" as const,
    },
    ...(content === null ? {} : { body: content }),
  })));
}

/** A `desc` with the three mandatory fields, and `more` fields after them. */
export function descOf(name: string, version: string, more = ""): string {
  return `%FILENAME%\n${name}-${version}-any.pkg.tar.zst\n\n%NAME%\n${name}\n\n` +
    `%VERSION%\n${version}\n\n${more}`;
}

/** How often the event loop runs while something is done. */
export async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const counting = (async () => {
    for (; !isOver; turns++) await eventLoopTurn();
  })();
  await work();
  isOver = true;
  await counting;
  return turns;
}
