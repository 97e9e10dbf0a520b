import { PkgstashError } from "../../errors.ts";
import type { ApiRoute } from "./api_route.ts";
import { PIN_PARAMETER, pinPattern } from "./pin_parameter.ts";

/** `DELETE /api/v1/pins/<pattern>`. */
export const unpinRoute: ApiRoute = {
  method: "DELETE",
  path: "/api/v1/pins/{pattern}",
  summary: "Take a pin away",
  parameters: [PIN_PARAMETER],
  answers: [{ status: 204, description: "It is gone.", content: null }],
  failures: {
    400: "No package has such a name",
    404: "There is no such pin",
    409: "It is one of the configuration's",
  },
  handle: ({ path, services: { config, index } }) => {
    const pattern = pinPattern({ path });
    if (index.unpin(pattern)) return new Response(null, { status: 204 });
    throw config.pinnedPackages.includes(pattern)
      ? new PkgstashError(
        "conflict",
        `Cannot unpin ${pattern}: it is in pinned_packages. Take it out of the configuration.`,
      )
      : new PkgstashError("not_found", `There is no pin ${pattern}.`);
  },
};
