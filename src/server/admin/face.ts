import type { Answered } from "../../api/endpoint.ts";
import { SHOW_CLIENT_CONFIG } from "../../api/client_config.ts";
import { facePage } from "../../web/face.tsx";
import { failurePage } from "../../web/door.tsx";
import { secured } from "../../web/html_response.ts";
import { callWithin } from "../api/in_process.ts";
import type { CallContext } from "../api/router.ts";

/** Responds to a browser that opens the root of the server. */
export async function respondWithFace(request: Request, context: CallContext): Promise<Response> {
  const { mirroring, publishing } = context;
  const outcome = await callWithin(SHOW_CLIENT_CONFIG, {}, {
    context,
    principal: null,
  });
  if ("problem" in outcome) {
    const { status, detail } = outcome.problem;
    return secured(failurePage(request, { status, text: detail }));
  }
  const config = outcome.value as Answered<typeof SHOW_CLIENT_CONFIG>;
  const names = [mirroring, publishing].flatMap(({ tree }) => tree.childrenOf("") ?? []);
  return secured(facePage(request, { config, folders: [...new Set(names)].sort() }));
}
