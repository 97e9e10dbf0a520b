import { dirname, join } from "@std/path";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { PackageArchive } from "../../formats/pacman/package_archive.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { removeIfPresent, statIfPresent, writeFileDurably } from "../../platform/files/durable.ts";
import type { Build, StoredProduct } from "./build.ts";
import { type Product, productOf } from "./product.ts";
import { mayMake } from "./product_check.ts";
import type { QueueLayout } from "./queue_layout.ts";

/** Writes and reads a package as any upload; see publishing/received_package.ts. */
export type ReceivePackage = (
  body: ReadableStream<Uint8Array>,
  options: { readonly path: string; readonly fileName: string },
) => Promise<{ readonly archive: PackageArchive; readonly size: number; readonly sha256: string }>;

/** An upload in progress. */
interface Arrival {
  /** Ends it, because the file is sent again. */
  readonly stopping: AbortController;
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<void>;
}

/** What builders have uploaded, on disk until it is published, with what was read of it. */
export class Products {
  readonly #layout: QueueLayout;
  readonly #receive: ReceivePackage;
  /** Uploads in progress, by where they will be. */
  readonly #arriving = new Map<string, Arrival>();

  constructor(layout: QueueLayout, receive: ReceivePackage) {
    this.#layout = layout;
    this.#receive = receive;
  }

  /**
   * Takes a package for a build. One of the same name that was there is replaced only by a good one;
   * an upload of it in progress ends.
   *
   * @throws PkgstashError `invalid_request` if it is damaged, not what its SHA-256 says, or no package
   * of this build.
   */
  async put(
    build: Build,
    { fileName, sha256, body, mostBytes }: {
      fileName: string;
      sha256: string;
      body: ReadableStream<Uint8Array>;
      /** A longer one is refused. */
      mostBytes: number;
    },
  ): Promise<StoredProduct> {
    const named = parsePackageFileName(fileName);
    if (named === null || !mayMake(named.name, build)) {
      await body.cancel().catch(() => {});
      throw new PkgstashError(
        "invalid_request",
        `Cannot take ${fileName}: it is no package of ${build.packageBase}, which makes ` +
          `${build.packageNames.join(", ")}.`,
      );
    }
    const key = this.pathOf(build, fileName);
    // Its builder sends it again only if the connection is gone, which may be noticed here much later.
    const older = this.#arriving.get(key);
    older?.stopping.abort(
      new PkgstashError("conflict", `Cannot take ${fileName}: it is being sent again.`),
    );
    const ended = Promise.withResolvers<void>();
    const arrival: Arrival = { stopping: new AbortController(), ended: ended.promise };
    this.#arriving.set(key, arrival);
    await older?.ended;
    const arriving = `${key}.${crypto.randomUUID()}.part`;
    try {
      await Deno.mkdir(dirname(key), { recursive: true });
      const { signal } = arrival.stopping;
      const bounded = body.pipeThrough(atMost(mostBytes, fileName), { signal });
      const received = await this.#receive(bounded, { path: arriving, fileName });
      if (received.sha256 !== sha256) {
        throw new PkgstashError(
          "invalid_request",
          `Cannot take ${fileName}: its SHA-256 is ${received.sha256}, and ${sha256} was said. ` +
            "Send it again.",
        );
      }
      signal.throwIfAborted();
      const product = productOf(received.archive, received.size);
      await Deno.rename(arriving, this.pathOf(build, fileName));
      await writeFileDurably(this.#factsOf(build, fileName), JSON.stringify(product));
      const { name, version, architecture, size } = product;
      return { name, version, architecture, fileName, size, sha256 };
    } catch (error) {
      // A build that ends takes its directory with it.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new PkgstashError(
        "conflict",
        `Cannot take ${fileName}: build ${build.number} has ended meanwhile. Drop the job.`,
        { cause: error },
      );
    } finally {
      if (this.#arriving.get(key) === arrival) this.#arriving.delete(key);
      await removeIfPresent(arriving);
      ended.resolve();
    }
  }

  /** Removes a package that another one has replaced. */
  async drop(build: Build, { fileName }: StoredProduct): Promise<void> {
    await removeIfPresent(this.pathOf(build, fileName));
    await removeIfPresent(this.#factsOf(build, fileName));
  }

  /** Each attempt has a folder of its own, so that none writes into what another one has made. */
  pathOf({ number, attempts }: Pick<Build, "number" | "attempts">, fileName: string): string {
    const attempt = attempts.at(-1)?.number ?? 0;
    return join(this.#layout.productsOf(number), `${attempt}`, fileName);
  }

  /** Whether the file is there in its length. */
  async isThere(build: Build, { fileName, size }: StoredProduct): Promise<boolean> {
    return (await statIfPresent(this.pathOf(build, fileName)))?.size === size &&
      await statIfPresent(this.#factsOf(build, fileName)) !== null;
  }

  /** What was read of a package when it came. */
  async read(build: Build, { fileName }: StoredProduct): Promise<Product> {
    const path = this.#factsOf(build, fileName);
    try {
      return JSON.parse(await Deno.readTextFile(path)) as Product;
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot look at ${fileName}: ${path} cannot be read (${reasonOf(error)}). ` +
          `Run pkgstash builds retry ${build.number}.`,
        { cause: error },
      );
    }
  }

  #factsOf(build: Build, fileName: string): string {
    return `${this.pathOf(build, fileName)}.json`;
  }
}

function atMost(bytes: number, fileName: string): TransformStream<Uint8Array, Uint8Array> {
  let left = bytes;
  return new TransformStream({
    transform(chunk, controller) {
      left -= chunk.length;
      if (left < 0) {
        throw new PkgstashError(
          "invalid_request",
          `Cannot take ${fileName}: the packages of this build are longer than its disk limit.`,
        );
      }
      controller.enqueue(chunk);
    },
  });
}
