/**
 * The parts of the server that its first request for them loads, because they would delay every
 * start. Modules of one import run without a pause, so that a large part comes in several: the event
 * loop runs in between.
 */
import { eventLoopTurn } from "../async/event_loop_turn.ts";

let api: ReturnType<typeof loadApi> | null = null;
let admin: ReturnType<typeof loadAdmin> | null = null;
let face: ReturnType<typeof loadFace> | null = null;

/** The API. */
export function apiPart(): ReturnType<typeof loadApi> {
  return api ??= loadApi();
}

/** The web admin, which calls the API. */
export function adminPart(): ReturnType<typeof loadAdmin> {
  return admin ??= loadAdmin();
}

/** The page for browsers without a token. */
export function facePart(): ReturnType<typeof loadFace> {
  return face ??= loadFace();
}

async function loadApi() {
  // The library of the schemas, then the schemas, then what answers.
  await import("../api/scalars.ts");
  await eventLoopTurn();
  await import("../api/endpoints.ts");
  await eventLoopTurn();
  return await import("./api/router.ts");
}

async function loadAdmin() {
  await apiPart();
  await eventLoopTurn();
  return await import("./admin/admin.ts");
}

async function loadFace() {
  await apiPart();
  await eventLoopTurn();
  return await import("./admin/face.ts");
}
