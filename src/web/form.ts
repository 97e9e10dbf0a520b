import { PkgstashError } from "../errors.ts";
import type { Form } from "./page.ts";

/** Far larger than any text form. */
const MAX_BYTES = 256 * 1024;

/**
 * Reads a URL-encoded form.
 *
 * @throws PkgstashError `invalid_request` if it is too long.
 */
export async function readForm({ body }: Pick<Request, "body">): Promise<Form> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) {
      throw new PkgstashError(
        "invalid_request",
        `Cannot read the form: it is longer than ${MAX_BYTES} bytes. Use the command line.`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return formOf(new URLSearchParams(text + decoder.decode()));
}

function formOf(fields: URLSearchParams): Form {
  return {
    text: (name) => fields.get(name) ?? "",
    all: (name) => fields.getAll(name),
    has: (name) => fields.has(name),
    entries: () => [...fields],
  };
}
