import type { MirrorFailure } from "./race.ts";
import type { Repository } from "../../repositories/repository.ts";
import type { Mirror } from "./mirror.ts";
import type { MirrorResponse } from "./mirror_response.ts";

/** A request for a file, sent to one mirror after another. */
export interface MirrorRequest {
  repository: Repository;
  fileName: string;
  /** Headers for one mirror, such as the file's validators. */
  headersFor: (mirror: Mirror) => Record<string, string>;
  /**
   * Resolves if the response is usable, otherwise rejects with the reason. May peek at the body.
   * Called only for 200 and 206, and for 304 if the request `isConditional`.
   */
  accept: (response: MirrorResponse) => Promise<void>;
  /** Whether 304 is a usable status. */
  isConditional?: boolean;
  /** Whether one mirror's 404 suffices, and resting mirrors are left alone. */
  isQuick?: boolean;
  /**
   * Whether a client waits for this. If all mirrors have failed, they get a third of the time,
   * because clients have other servers; in that time they are asked again if they were away only
   * briefly.
   */
  isAwaited?: boolean;
  /**
   * Whether to wait, in line with others and for at most a third of the time, until a mirror in
   * good standing has room for one more transfer.
   */
  waitsForRoom?: boolean;
  /** Whether to ask mirrors that have the served database first. */
  prefersCurrent?: boolean;
  /** Ask only these, in this order. */
  only?: readonly Mirror[];
  /** Ask these only after all others. */
  last?: ReadonlySet<Mirror>;
  /**
   * When a response must have begun, in milliseconds of `performance.now()`; by default,
   * `answerTimeoutMs` from now.
   */
  deadlineAt?: number;
  /** Called for each mirror that fails, lacks the file or has another one. */
  onFailure?: (failure: MirrorFailure) => void;
  signal: AbortSignal;
}

/** Which file to request, from which mirrors. */
export type Question = Omit<MirrorRequest, "headersFor" | "accept">;

/** A request for the headers of a file. */
export type HeadersRequest =
  & Pick<MirrorRequest, "repository" | "fileName" | "prefersCurrent" | "signal">
  & Required<Pick<MirrorRequest, "deadlineAt">>;

/** A file to request from a mirror. */
export type RequestedFile = Pick<MirrorRequest, "repository" | "fileName" | "onFailure">;
