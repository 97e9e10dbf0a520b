import { REBUILD_REPOSITORY, type RebuildEvent } from "../../api/rebuild.ts";
import type { RebuildStep } from "../../publishing/rebuild.ts";
import { eventStream } from "./event_stream.ts";
import { generationReport, nameOf } from "./repositories.ts";
import { handle, type Route } from "./route.ts";

export const rebuildRoutes: readonly Route[] = [
  handle(REBUILD_REPOSITORY, ({ path: { repository }, body: { force }, publishing, principal }) => {
    // A missing repository is an error, not an event.
    publishing.repository(repository);
    const by = nameOf(principal);
    return eventStream<RebuildEvent>(async (emit, signal) => {
      const onStep = (step: RebuildStep) => emit(eventOf(step));
      const { packages, bytes, differences, generation } = await publishing.rebuild(repository, {
        ...{ force, by, signal, onStep },
      });
      emit({
        event: "done",
        ...{ packages, bytes, differences: differences.length },
        generation: generation === null ? null : generationReport(generation),
      });
    });
  }),
];

function eventOf(step: RebuildStep): RebuildEvent {
  const { kind, ...facts } = step;
  return { event: kind === "read" ? "progress" : kind, ...facts } as RebuildEvent;
}
