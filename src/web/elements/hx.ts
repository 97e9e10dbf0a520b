/** htmx attributes. The element must also work without scripts. */
interface Hx {
  readonly get?: string;
  readonly trigger?: string;
  /** CSS selector of the element to replace. */
  readonly target?: string;
  readonly select?: string;
  readonly swap?: "innerMorph" | "outerMorph" | "none";
  readonly replaceUrl?: boolean;
  readonly stream?: string;
}

const ATTRIBUTES: Readonly<Record<keyof Hx, string>> = {
  get: "hx-get",
  trigger: "hx-trigger",
  target: "hx-target",
  select: "hx-select",
  swap: "hx-swap",
  replaceUrl: "hx-replace-url",
  stream: "hx-sse:connect",
};

/**
 * Builds htmx attributes. TypeScript checks these names, but not attributes with hyphens in JSX.
 */
export function hx(values: Hx): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [ATTRIBUTES[name as keyof Hx], String(value)]),
  );
}
