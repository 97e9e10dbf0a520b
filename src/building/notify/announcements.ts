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
  /** Where people reach this server; null if nobody has said. */
  readonly publicUrl: () => string | null;
}

/**
 * Tells what waits for a person. That is read from what is on disk each time, so nothing is lost if
 * the daemon dies between a change and its message.
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

  /** Tells what waits now and was not told yet. */
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

  /** As `tell`, where nobody waits for it. */
  tellSoon(): void {
    this.#background.add("cannot tell what waits for a person", this.tell());
  }

  /** Resolves when nothing is being told. */
  settled(): Promise<void> {
    return this.#background.settled();
  }
}
