const LONGEST_BODY = 1024;

/** The body's text, or nothing of one that is too long. */
export async function readShortBody({ body }: Request): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_BODY) return "";
  }
  return text + decoder.decode();
}

/** A member of a JSON object, if it is text. */
export function textMember(body: string, name: string): string | null {
  try {
    const value = JSON.parse(body)?.[name];
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
