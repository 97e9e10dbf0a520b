import type { KeyReader } from "./key_reader.ts";

/** What reading a file with secrets yields: its text and permission bits (null if unknown). */
export type SecretFileContent =
  | { readonly text: string; readonly mode: number | null }
  /** Why it cannot be read, and what is expected instead, if there is more to say. */
  | { readonly failure: string; readonly expected?: string };

/**
 * The text of a file with secrets, named by a key; null after a problem. Its content is never part
 * of a problem.
 */
export function readSecrets(
  reader: KeyReader,
  { path, key, read }: { path: string; key: string; read: (path: string) => SecretFileContent },
): string | null {
  const content = read(path);
  if ("failure" in content) {
    reader.report(reader.fileName, key, {
      found: `${path}: ${content.failure}`,
      expected: content.expected ?? 'a readable file, or "" for none',
    });
    return null;
  }
  if (content.mode !== null && (content.mode & 0o007) !== 0) {
    reader.report(path, "", {
      found: `mode ${(content.mode & 0o777).toString(8).padStart(4, "0")}`,
      expected: "a file accessible only to its owner and group (chmod 0640), because it " +
        "contains a secret",
    });
  }
  return content.text;
}
