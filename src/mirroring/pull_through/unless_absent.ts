import type { Repository } from "../../repositories/repository.ts";
import { isNotFound } from "../mirrors/race.ts";
import type { Upstreams } from "../mirrors/upstreams.ts";

export interface WantedFile {
  repository: Repository;
  fileName: string;
  /** Deadline for the start of the answer, in milliseconds of the monotonic clock. */
  deadlineAt: number;
}

/**
 * The outcome of work in flight that a request joins. Daemons that use each other as mirrors may
 * join each other's work, and would wait in a circle. So, on behalf of another daemon, the mirrors
 * are meanwhile asked whether they have the file; throws `not_found` if none does.
 */
export async function unlessAbsent<T>(
  work: Promise<T>,
  upstreams: Pick<Upstreams, "get" | "hops">,
  { repository, fileName, deadlineAt }: WantedFile,
): Promise<T> {
  if (!upstreams.hops.isForAnother) return await work;
  const controller = new AbortController();
  const { signal } = controller;
  const absence = Promise.withResolvers<never>();
  upstreams.get(repository.upstream).head({ repository, fileName, deadlineAt, signal })
    .catch((error) => isNotFound(error) && absence.reject(error));
  try {
    return await Promise.race([work, absence.promise]);
  } finally {
    controller.abort();
  }
}
