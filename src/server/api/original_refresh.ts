import { PkgstashError } from "../../errors.ts";
import type { ApiRoute } from "./api_route.ts";
import { errorResponse } from "../error_response.ts";
import { textResponse } from "../text_response.ts";

/** `POST /api/refresh`: 204 when the whole cycle is done, as the original answers. */
export const originalRefreshRoute: ApiRoute = {
  method: "POST",
  path: "/api/refresh",
  summary: "Refresh now, as the original did",
  failsInText: true,
  answers: [{ status: 204, description: "All is refreshed.", content: null }],
  failures: {
    409: "Another refresh is under way",
    502: "A repository could not be refreshed; the answer has the reasons",
  },
  handle: async ({ services: { cycle } }) => {
    try {
      await cycle.run();
      return new Response(null, { status: 204 });
    } catch (error) {
      // The reasons name repositories and mirrors, which is for the administrator to see.
      if (error instanceof PkgstashError && error.kind === "upstream") {
        return textResponse(502, error.message);
      }
      if (error instanceof PkgstashError && error.kind === "conflict") {
        return textResponse(409, error.message);
      }
      return errorResponse(error);
    }
  },
};
