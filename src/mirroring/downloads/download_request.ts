import type { Expectation } from "../../repositories/package_index.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Mirror } from "../mirrors/mirror.ts";
import type { FileIdentity } from "./file_identity.ts";
import type { Room } from "./filling.ts";
import type { TransferRequest } from "./mirror_search.ts";

/** Knows what the served database says about a file. */
export interface Expectations {
  expectationOf(repository: Repository, fileName: string): Promise<Expectation | null>;
}

export interface DownloadRequest
  extends Omit<TransferRequest, "offset" | "last" | "identity" | "expectedSize" | "signal"> {
  /** Path of the part file without its suffix. */
  partBase: string;
  /** Where the finished file goes. */
  finalPath: string;
  /** What to check the finished file against; null for a file that no database lists. */
  expectations: Expectations | null;
  /** Examines the complete part before its last byte is released; throws to refuse it. */
  examine?: (partPath: string, mirror: Mirror, identity: FileIdentity) => Promise<void>;
  /** Called with the number of bytes that have arrived. */
  onBytes?: (count: number) => void;
  /** Makes room on the disk for the file; null for no such check. */
  room?: Room | null;
  /** Called with the number of bytes of a refused beginning that clients may have. */
  onRefused?: (count: number) => void;
  /** Awaited after each chunk, to slow down a download that no client waits for. */
  pace?: (count: number, signal: AbortSignal) => Promise<void>;
}

/** The outcome of a successful download. */
export type DownloadOutcome =
  | FetchedOutcome
  /** The file was already there. */
  | { result: "present" }
  /** The file of `mirror` is the one that the conditions describe. */
  | { result: "unchanged"; mirror: Mirror };

interface FetchedOutcome {
  result: "fetched";
  identity: FileIdentity;
  /** Bytes. */
  size: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** The mirror that sent the last bytes. */
  mirror: Mirror;
}

/** What is known when the first bytes arrive. */
export interface DownloadOpening {
  identity: FileIdentity;
  inode: number;
}
