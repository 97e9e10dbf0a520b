import { LEASE_LOOK, REPORT_LOOK } from "../../api/looks.ts";
import { builderOf } from "./builder.ts";
import { handle, type Route, withStatus } from "./route.ts";

export const lookRoutes: readonly Route[] = [
  handle(LEASE_LOOK, async ({ body: { wait_ms: waitMs }, building, principal, request }) => {
    const { signal } = request;
    const leased = await building.looks.lease({ builder: builderOf(principal), waitMs, signal });
    if (leased === null) return withStatus(204, undefined);
    const { id, base, look: { kind, references } } = leased;
    return withStatus(200, { id, package_base: base, kind, references: [...references] });
  }),
  handle(REPORT_LOOK, async ({ path: { look: id }, body, building, principal }) => {
    await building.looks.report({ builder: builderOf(principal), id }, body);
  }),
];
