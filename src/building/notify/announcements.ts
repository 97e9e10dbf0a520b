import { BackgroundWork } from "../../async/background_work.ts";
import { Turns } from "../../async/turns.ts";
import { reasonOf } from "../../errors.ts";
import { eventLogger } from "../../platform/observability/logging.ts";
import type { Decisions } from "../decisions/decisions.ts";
import type { BuildQueue } from "../queue/build_queue.ts";
import { buildsToDecide } from "../queue/builds_to_decide.ts";
import { noticeOf, noticeOfBuild } from "./notice.ts";
import type { Notices } from "./notices.ts";

const log = eventLogger("notify");

export interface AnnouncementsOptions {
  readonly decisions: Pick<Decisions, "approvals">;
  readonly builds: Pick<BuildQueue, "all">;
  readonly notices: Pick<Notices, "tell">;
  /** The URL of this server for people; null if it is not configured. */
  readonly publicUrl: () => string | null;
}

/**
 * Announces what needs a person. It is derived from the state on disk each time, so nothing is lost
 * if the daemon dies between a change and its message.
 */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #turns = new Turns();
  readonly #background = new BackgroundWork((failure, error) =>
    log.warn(failure, { reason: reasonOf(error) })
  );

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  /** Announces what needs a person now and has not been announced yet. */
  async tell(): Promise<void> {
    const { decisions, builds, notices, publicUrl } = this.#options;
    await this.#turns.run(async () => {
      const url = publicUrl();
      const approvals = (await decisions.approvals()).filter(({ isAsked }) => isAsked);
      await notices.tell([
        ...approvals.map((approval) => noticeOf(approval, url)),
        ...buildsToDecide(builds.all()).map((build) => noticeOfBuild(build, url)),
      ]);
    });
  }

  /** Like `tell`, in the background. */
  tellSoon(): void {
    this.#background.add("cannot announce what needs a person", this.tell());
  }

  /** Resolves once no announcement is in progress. */
  settled(): Promise<void> {
    return this.#background.settled();
  }
}
