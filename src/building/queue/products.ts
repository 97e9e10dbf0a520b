import { dirname, join } from "@std/path";
import { PkgstashError, reasonOf } from "../../errors.ts";
import type { PackageArchive } from "../../formats/pacman/package_archive.ts";
import { parsePackageFileName } from "../../formats/pacman/package_file_name.ts";
import { removeIfPresent, statIfPresent, writeFileDurably } from "../../platform/files/durable.ts";
import type { Build, StoredProduct } from "./build.ts";
import { type Product, productOf } from "./product.ts";
import { mayMake } from "./product_check.ts";
import type { QueueLayout } from "./queue_layout.ts";

/** Writes and reads a package like any upload; see publishing/received_package.ts. */
export type ReceivePackage = (
  body: ReadableStream<Uint8Array>,
  options: { readonly path: string; readonly fileName: string },
) => Promise<{ readonly archive: PackageArchive; readonly size: number; readonly sha256: string }>;

/** An upload in progress. */
interface Arrival {
  /** Ends it, because the file is being sent again. */
  readonly stopping: AbortController;
  /** Resolves once it has been removed. */
  readonly ended: Promise<void>;
}

/** Uploaded packages, on disk until they are published, with their properties. */
export class Products {
  readonly #layout: QueueLayout;
  readonly #receive: ReceivePackage;
  /** Uploads in progress, by final path. */
  readonly #arriving = new Map<string, Arrival>();

  constructor(layout: QueueLayout, receive: ReceivePackage) {
    this.#layout = layout;
    this.#receive = receive;
  }

  /**
   * Receives a package of a build. Only a valid package replaces an earlier one of the same name; an
   * upload of it in progress is ended.
   *
   * @throws PkgstashError `invalid_request` if it is damaged, does not match its SHA-256, or is not a
   * package of this build.
   */
  async put(
    build: Build,
    { fileName, sha256, body, mostBytes }: {
      fileName: string;
      sha256: string;
      body: ReadableStream<Uint8Array>;
      /** Maximum size. */
      mostBytes: number;
    },
  ): Promise<StoredProduct> {
    const named = parsePackageFileName(fileName);
    if (named === null || !mayMake(named.name, build)) {
      await body.cancel().catch(() => {});
      throw new PkgstashError(
        "invalid_request",
        `Cannot accept ${fileName}: it is not a package of ${build.packageBase}, which makes ` +
          `${build.packageNames.join(", ")}.`,
      );
    }
    const key = this.pathOf(build, fileName);
    // A builder sends again only after a broken connection, which may be noticed here much later.
    const older = this.#arriving.get(key);
    older?.stopping.abort(
      new PkgstashError("conflict", `Cannot accept ${fileName}: it is being sent again.`),
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
          `Cannot accept ${fileName}: its SHA-256 is ${received.sha256} instead of ${sha256}. ` +
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
      // The directory of a build is removed when it ends.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new PkgstashError(
        "conflict",
        `Cannot accept ${fileName}: build ${build.number} has ended. Drop the job.`,
        { cause: error },
      );
    } finally {
      if (this.#arriving.get(key) === arrival) this.#arriving.delete(key);
      await removeIfPresent(arriving);
      ended.resolve();
    }
  }

  /** Removes a replaced package. */
  async drop(build: Build, { fileName }: StoredProduct): Promise<void> {
    await removeIfPresent(this.pathOf(build, fileName));
    await removeIfPresent(this.#factsOf(build, fileName));
  }

  /** Each attempt has its own folder, so that none overwrites packages of another. */
  pathOf({ number, attempts }: Pick<Build, "number" | "attempts">, fileName: string): string {
    const attempt = attempts.at(-1)?.number ?? 0;
    return join(this.#layout.productsOf(number), `${attempt}`, fileName);
  }

  /** Whether the file exists with the right size. */
  async isThere(build: Build, { fileName, size }: StoredProduct): Promise<boolean> {
    return (await statIfPresent(this.pathOf(build, fileName)))?.size === size &&
      await statIfPresent(this.#factsOf(build, fileName)) !== null;
  }

  /** The properties of a package that were read on arrival. */
  async read(build: Build, { fileName }: StoredProduct): Promise<Product> {
    const path = this.#factsOf(build, fileName);
    try {
      return JSON.parse(await Deno.readTextFile(path)) as Product;
    } catch (error) {
      throw new PkgstashError(
        "storage",
        `Cannot check ${fileName}: ${path} cannot be read (${reasonOf(error)}). ` +
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
          `Cannot accept ${fileName}: the packages of this build exceed its disk limit.`,
        );
      }
      controller.enqueue(chunk);
    },
  });
}
