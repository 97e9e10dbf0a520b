/** A short answer in plain text. */
export function textResponse(
  status: number,
  text: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
}

/** 405 with the methods that there are. */
export function methodNotAllowed(...allowed: string[]): Response {
  const methods = allowed.join(", ");
  return textResponse(405, `Only ${methods} can be used here.`, { allow: methods });
}
