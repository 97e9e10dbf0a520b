import { VERIFY, type VerifyProgressEvent } from "../../api/verify.ts";
import { PkgstashError } from "../../errors.ts";
import { eventStream } from "./event_stream.ts";
import { handle, type Route } from "./route.ts";

export const verifyRoutes: readonly Route[] = [
  handle(VERIFY, ({ query: { repair, repository = null }, mirroring: { verification } }) => {
    if (verification.isRunning) {
      throw new PkgstashError(
        "conflict",
        "Cannot verify: a verification is already in progress. Wait for it to finish.",
      );
    }
    return eventStream<VerifyProgressEvent>((listener, signal) =>
      verification.run({ repair: repair === "true", repository, listener, signal })
    );
  }),
];
