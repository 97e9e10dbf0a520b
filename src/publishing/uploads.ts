import { concat } from "@std/bytes/concat";
import { join } from "@std/path";
import type { Clock } from "../async/clock.ts";
import { asFaultOfRequest, PkgstashError, reasonOf } from "../errors.ts";
import { parsePackageFileName } from "../formats/pacman/package_file_name.ts";
import {
  removeIfPresent,
  removeTreeIfPresent,
  statIfPresent,
  writeFileDurably,
} from "../platform/files/durable.ts";
import { eventLogger } from "../platform/observability/logging.ts";
import { bytesText } from "../config/quantities.ts";
import type { Consent, MirroredNamesake } from "./admission.ts";
import type { OwnRepository } from "./own_repository.ts";
import { describePackage, type PublishedPackage } from "./published_package.ts";
import { receivePackage } from "./received_package.ts";
import { publishStaged, type StagedPackage, type UploadResult } from "./staged_packages.ts";
import type { Signing } from "./signing/signing.ts";

const log = eventLogger("publishing");

/** How long an upload may wait for its next file or its publication. */
const MAX_IDLE_MS = 60 * 60_000;
/** How often to look for idle uploads. */
const LOOK_MS = 5 * 60_000;
const MAX_SIGNATURE_BYTES = 64 * 1024;

/** The mirrored packages with these names, by name. */
export type FindNamesakes = (
  names: readonly string[],
) => Promise<ReadonlyMap<string, readonly MirroredNamesake[]>>;

/** Who opens uploads, and how much disk space they may take. */
export interface Uploader {
  readonly name: string;
  /** Maximum number of open uploads; 0 for no limit. */
  readonly maxUploads: number;
  /** Maximum bytes of all of them together; 0 for no limit. */
  readonly maxBytes: number;
}

/** The minimum that a file occupies on disk. */
const BLOCK_BYTES = 4096;

/** Files for one repository that are published together or not at all. */
interface Upload {
  readonly repository: OwnRepository;
  readonly directory: string;
  readonly packages: Map<string, StagedPackage>;
  /** Names of files still arriving. */
  readonly arriving: Set<string>;
  /** Null for an uploader without limits. */
  readonly uploader: Uploader | null;
  /** Disk space of its files, including those still arriving, in bytes. */
  readonly bytes: Map<string, number>;
  /** On the monotonic clock, in milliseconds. */
  usedAt: number;
}

/**
 * The uploads in progress: each is opened, filled with files, and published in one step. Each
 * package waits in a directory of its own, with its signature, which becomes its place in the
 * package store. An upload is dropped after being idle for an hour, or, if an earlier run of the
 * daemon left it, on startup.
 */
export class Uploads implements AsyncDisposable {
  readonly #uploads = new Map<string, Upload>();
  readonly #signing: Pick<Signing, "verify">;
  readonly #namesakes: FindNamesakes;
  readonly #debugOf: (repository: OwnRepository) => OwnRepository | null;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #watch: Promise<void> | null = null;

  constructor({ signing, namesakes, debugOf, clock }: {
    signing: Pick<Signing, "verify">;
    namesakes: FindNamesakes;
    /** Finds the repository for the debug packages of another. */
    debugOf: (repository: OwnRepository) => OwnRepository | null;
    clock: Clock;
  }) {
    this.#signing = signing;
    this.#namesakes = namesakes;
    this.#debugOf = debugOf;
    this.#clock = clock;
  }

  /** Stops looking for idle uploads; open ones stay on disk until the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watch;
  }

  /**
   * Opens an upload and returns its ID.
   *
   * @throws PkgstashError `conflict` if the uploader has too many.
   */
  async open(repository: OwnRepository, uploader: Uploader | null = null): Promise<string> {
    await this.#abandonIdle();
    // Reading the repository removes what an earlier run left in `staging`.
    await repository.history();
    const open = uploader === null ? 0 : this.#uploadsOf(uploader).length;
    if (uploader !== null && uploader.maxUploads > 0 && open >= uploader.maxUploads) {
      throw new PkgstashError(
        "conflict",
        `Cannot open an upload: the token ${uploader.name} has ${open} open ones, and ` +
          "max_open_uploads allows no more. Publish or drop one; idle ones are dropped after an hour.",
      );
    }
    const id = crypto.randomUUID();
    const directory = join(repository.layout.staging, `upload-${id}`);
    this.#uploads.set(id, {
      repository,
      directory,
      packages: new Map(),
      arriving: new Set(),
      uploader,
      bytes: new Map(),
      usedAt: this.#clock.monotonic(),
    });
    await Deno.mkdir(directory, { recursive: true });
    this.#watch ??= this.#dropIdle();
    return id;
  }

  /** Receives and checks a package, or the detached signature of one. */
  async put(
    repository: OwnRepository,
    id: string,
    { fileName, body }: { fileName: string; body: ReadableStream<Uint8Array> },
  ): Promise<PublishedPackage | null> {
    const upload = this.#find(repository, id);
    const packageName = fileName.replace(/\.sig$/, "");
    if (parsePackageFileName(packageName) === null) {
      await body.cancel();
      throw new PkgstashError(
        "invalid_request",
        `Cannot take ${fileName}: it is not named like a package or its signature, such as ` +
          "foo-1.0-1-x86_64.pkg.tar.zst.",
      );
    }
    if (upload.arriving.has(fileName)) {
      await body.cancel();
      throw new PkgstashError(
        "conflict",
        `Cannot take ${fileName}: it is already arriving. Send it once, or open another upload.`,
      );
    }
    upload.arriving.add(fileName);
    upload.bytes.set(fileName, 0);
    let isStored = false;
    try {
      this.#take(upload, fileName, BLOCK_BYTES);
      const path = join(upload.directory, packageName, fileName);
      await Deno.mkdir(join(upload.directory, packageName), { recursive: true });
      if (fileName !== packageName) {
        await writeFileDurably(path, await signatureIn(body, fileName));
        isStored = true;
        return null;
      }
      upload.packages.delete(fileName);
      await removeIfPresent(path);
      const { archive: { info, files }, size, sha256 } = await receivePackage(body, {
        path,
        fileName,
        onBytes: (count) => this.#take(upload, fileName, count),
      });
      isStored = true;
      const addedAt = Date.now();
      const published = describePackage(info, { fileName, size, sha256, addedAt });
      upload.packages.set(fileName, { published, facts: { info, files } });
      return published;
    } finally {
      upload.arriving.delete(fileName);
      if (!isStored) upload.bytes.delete(fileName);
      upload.usedAt = this.#clock.monotonic();
    }
  }

  #uploadsOf({ name }: Uploader): Upload[] {
    return [...this.#uploads.values()].filter(({ uploader }) => uploader?.name === name);
  }

  /** Counts the bytes that an upload takes, and refuses those beyond the limit. */
  #take(upload: Upload, fileName: string, count: number): void {
    const { uploader, bytes } = upload;
    bytes.set(fileName, (bytes.get(fileName) ?? 0) + count);
    if (uploader === null || uploader.maxBytes === 0) return;
    const total = this.#uploadsOf(uploader)
      .reduce((sum, { bytes }) => [...bytes.values()].reduce((a, b) => a + b, sum), 0);
    if (total <= uploader.maxBytes) return;
    throw new PkgstashError(
      "conflict",
      `Cannot take ${fileName}: the open uploads of the token ${uploader.name} would exceed ` +
        `max_upload_size, ${bytesText(uploader.maxBytes)}. Publish or drop one.`,
    );
  }

  /**
   * Publishes everything in an upload. If it is refused, it stays open and may be published with
   * more consent.
   */
  async publish(
    repository: OwnRepository,
    id: string,
    { consent, by }: { consent: Consent; by: string },
  ): Promise<UploadResult> {
    const upload = this.#find(repository, id);
    if (upload.arriving.size > 0) {
      throw new PkgstashError(
        "conflict",
        `Cannot publish: ${[...upload.arriving].join(", ")} is still arriving. Wait for it.`,
      );
    }
    const staged = [...upload.packages.values()];
    if (staged.length === 0) {
      throw new PkgstashError("invalid_request", "Cannot publish: the upload contains no package.");
    }
    for (const { published } of staged) await this.#verifyGiven(upload, published);
    const namesakes = await this.#namesakes(staged.map(({ published }) => published.name));
    const { directory } = upload;
    return await publishStaged(staged, {
      ...{ repository, debug: this.#debugOf(repository), directory, consent, by },
      namesakes: (name) => namesakes.get(name) ?? [],
      // The upload is used up from here on.
      onAdmission: () => void this.#uploads.delete(id),
    }).finally(async () => {
      if (!this.#uploads.has(id)) await removeTreeIfPresent(directory);
    });
  }

  /** Drops an upload with its files. */
  async abandon(repository: OwnRepository, id: string): Promise<void> {
    const upload = this.#find(repository, id);
    this.#uploads.delete(id);
    await removeTreeIfPresent(upload.directory);
  }

  async #verifyGiven({ directory }: Upload, { fileName }: PublishedPackage): Promise<void> {
    const path = join(directory, fileName, fileName);
    const signature = `${path}.sig`;
    if (await statIfPresent(signature) === null) return;
    try {
      await this.#signing.verify(path, await Deno.readFile(signature));
    } catch (error) {
      throw asFaultOfRequest(error, `${fileName}.sig: `);
    }
  }

  /** Drops idle uploads while any are open. */
  async #dropIdle(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#uploads.size > 0 && !signal.aborted) {
      await this.#clock.sleep(LOOK_MS, signal);
      await this.#abandonIdle().catch((error) =>
        log.warn("cannot drop an idle upload", { reason: reasonOf(error) })
      );
    }
    this.#watch = null;
  }

  async #abandonIdle(): Promise<void> {
    for (const [id, upload] of this.#uploads) {
      const isIdle = this.#clock.monotonic() - upload.usedAt > MAX_IDLE_MS;
      if (!isIdle || upload.arriving.size > 0) continue;
      this.#uploads.delete(id);
      await removeTreeIfPresent(upload.directory);
    }
  }

  #find(repository: OwnRepository, id: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload !== undefined && upload.repository === repository) return upload;
    throw new PkgstashError(
      "not_found",
      `Cannot find the upload ${id}: it was published, dropped, or idle for too long. ` +
        "Open a new one.",
    );
  }
}

/** The content of an uploaded signature. */
export async function signatureIn(
  body: ReadableStream<Uint8Array>,
  fileName: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_SIGNATURE_BYTES) {
      throw new PkgstashError(
        "invalid_request",
        `Cannot take ${fileName}: a signature has at most ${MAX_SIGNATURE_BYTES} bytes.`,
      );
    }
  }
  return concat(chunks);
}
