/** Package names as makepkg allows them. */
const NAME = /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,254}$/;

/**
 * The distinct names in a list of packages: the first word of each line, as in `pacman -Qm` and
 * `aur repo --list`, without a repository before a slash; or the `base`, `package` or `name` of
 * each object in a JSON array. Empty lines and comments are skipped.
 */
export function namesInList(text: string): string[] {
  const trimmed = text.trim();
  const names = trimmed.startsWith("[") || trimmed.startsWith("{")
    ? namesInJson(trimmed)
    : trimmed.split("\n").map((line) => line.replace(/#.*/, "").trim().split(/\s+/)[0] ?? "");
  return [...new Set(names.map((name) => name.replace(/^[^/]*\//, "")))].filter((name) =>
    NAME.test(name)
  );
}

function namesInJson(text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  const list = Array.isArray(value)
    ? value
    : Object.values(value as Record<string, unknown>).find(Array.isArray) ?? [];
  return list.flatMap((each) => nameOf(each) ?? []);
}

function nameOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return null;
  const { base, name, package: nested } = value as Record<string, unknown>;
  if (typeof base === "string") return base;
  if (typeof name === "string") return name;
  return nested === undefined ? null : nameOf(nested);
}
