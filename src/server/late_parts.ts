/**
 * The parts of the server that its first request for them loads, because they would delay every
 * start. Modules of one import run without a pause, so that a large part comes in several: the event
 * loop runs in between.
 */
import { eventLoopTurn } from "../async/event_loop_turn.ts";

let api: ReturnType<typeof loadApi> | null = null;

/** The API. */
export function apiPart(): ReturnType<typeof loadApi> {
  return api ??= loadApi();
}

/** The web admin, which calls the API. */
export async function adminPart() {
  await apiPart();
  return await import("./admin/admin.ts");
}

/** The page for browsers without a token. */
export async function facePart() {
  await apiPart();
  return await import("./admin/face.ts");
}

async function loadApi() {
  // The library of the schemas, then the schemas, then what answers.
  await import("../api/scalars.ts");
  await eventLoopTurn();
  await import("../api/endpoints.ts");
  await eventLoopTurn();
  const router = await import("./api/router.ts");
  // For the parts that are behind it.
  await eventLoopTurn();
  return router;
}
