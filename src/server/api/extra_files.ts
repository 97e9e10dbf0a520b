import { LIST_EXTRA_FILES } from "../../api/extra_files.ts";
import { timestamp } from "./timestamp.ts";
import { handle, type Route } from "./route.ts";

export const extraFileRoutes: readonly Route[] = [
  handle(LIST_EXTRA_FILES, async ({ mirroring: { inventory } }) => {
    const files = (await inventory.extras()).map((
      { path, file, fetchedAt, usedAt, inFlight },
    ) => ({
      path,
      bytes: file.size,
      fetched_at: timestamp(fetchedAt),
      used_at: timestamp(usedAt),
      in_flight: inFlight,
    }));
    return { files, bytes: files.reduce((sum, each) => sum + each.bytes, 0) };
  }),
];
