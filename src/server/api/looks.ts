import { LEASE_LOOK, REPORT_LOOK, SEND_LOOK_TREE } from "../../api/looks.ts";
import { builderOf } from "./builder.ts";
import { handle, type Route, withStatus } from "./route.ts";

export const lookRoutes: readonly Route[] = [
  handle(LEASE_LOOK, async ({ body: { wait_ms: waitMs }, building, principal, request }) => {
    const { signal } = request;
    const leased = await building.looks.lease({ builder: builderOf(principal), waitMs, signal });
    if (leased === null) return withStatus(204, undefined);
    const { id, due: { look } } = leased;
    switch (look.kind) {
      case "references":
        return withStatus(200, { id, ...look, references: [...look.references] });
      case "pins":
        return withStatus(200, { id, ...look, pins: [...look.pins] });
      case "tree":
        return withStatus(200, { id, ...look });
    }
  }),
  handle(REPORT_LOOK, async ({ path: { look: id }, body, building, principal }) => {
    await building.looks.report({ builder: builderOf(principal), id }, body);
  }),
  handle(SEND_LOOK_TREE, async ({ path, query: { commit }, body, building, principal }) => {
    const call = { builder: builderOf(principal), id: path.look };
    await building.looks.reportTree(call, { commit, body });
  }),
];
