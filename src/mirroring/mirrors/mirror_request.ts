import type { MirrorFailure } from "./race.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Mirror } from "./mirror.ts";
import type { MirrorResponse } from "./mirror_response.ts";

/** A request for a file, to one mirror after another. */
export interface MirrorRequest {
  repository: Repository;
  fileName: string;
  /** Headers for one mirror, such as the file's validators. */
  headersFor: (mirror: Mirror) => Record<string, string>;
  /**
   * Resolves if the response is usable, otherwise rejects with the reason. It may peek at the body.
   * Only 200 and 206 get here, and 304 if the request `isConditional`.
   */
  accept: (response: MirrorResponse) => Promise<void>;
  /** Whether 304 is a usable status. */
  isConditional?: boolean;
  /** Whether one mirror's 404 suffices, and resting mirrors are left alone. */
  isQuick?: boolean;
  /**
   * Whether a client waits for this. Mirrors that have all failed get a third of the time, because
   * clients have other servers; in that time they are asked again if they were away only just now.
   */
  isAwaited?: boolean;
  /**
   * Whether to wait, in order with others and for a third of the time at most, until a mirror in good
   * standing has room for one more transfer.
   */
  waitsForRoom?: boolean;
  /** Whether mirrors that have the served database are asked first. */
  prefersCurrent?: boolean;
  /** Ask only these, in this order. */
  only?: readonly Mirror[];
  /** Ask these only after all others. */
  last?: ReadonlySet<Mirror>;
  /**
   * When a response must have begun, in milliseconds of `performance.now()`; `answerTimeoutMs` from
   * now unless given.
   */
  deadlineAt?: number;
  /** Told of each mirror that fails, lacks the file or has another one. */
  onFailure?: (failure: MirrorFailure) => void;
  signal: AbortSignal;
}

/** Which file is wanted, and whom to ask. */
export type Question = Omit<MirrorRequest, "headersFor" | "accept">;

/** A request for the headers of a file. */
export type HeadersRequest =
  & Pick<MirrorRequest, "repository" | "fileName" | "prefersCurrent" | "signal">
  & Required<Pick<MirrorRequest, "deadlineAt">>;

/** A file that a mirror was asked for. */
export type RequestedFile = Pick<MirrorRequest, "repository" | "fileName" | "onFailure">;
