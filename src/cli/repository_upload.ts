import {
  ABANDON_UPLOAD,
  OPEN_UPLOAD,
  type PublicationReport,
  PUBLISH_UPLOAD,
} from "../api/repositories.ts";
import type { ApiClient } from "./api_client.ts";
import { AdministrationError, EXIT_CODE } from "./errors.ts";

/**
 * Opens an upload, lets `send` fill it, and publishes it. Any failure, and Ctrl-C, discards it. The
 * daemon discards abandoned uploads after a while.
 */
export async function publishUpload(
  client: ApiClient,
  { repository, consent, send }: {
    repository: string;
    consent: { downgrade: boolean; replace: boolean; shadow: boolean };
    send: (upload: string) => Promise<void>;
  },
): Promise<PublicationReport> {
  const { upload } = await client.call(OPEN_UPLOAD, { repository });
  const interrupted = Promise.withResolvers<never>();
  const stop = () => interrupted.reject(new AdministrationError(EXIT_CODE.failure, "Interrupted."));
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  try {
    await Promise.race([send(upload), interrupted.promise]);
    return await client.call(PUBLISH_UPLOAD, { repository, upload, body: consent });
  } catch (error) {
    // Report the original failure, not this one.
    await client.call(ABANDON_UPLOAD, { repository, upload }).catch(() => {});
    throw error;
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
    Deno.removeSignalListener("SIGTERM", stop);
  }
}
