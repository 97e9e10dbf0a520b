/** htmx attributes of an element, which also works without scripts. */
interface Hx {
  readonly get?: string;
  readonly trigger?: string;
  /** A selector of both the element to replace and its replacement in the response. */
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

/** The attributes for htmx. TypeScript does not check attributes with hyphens, but it checks this. */
export function hx(values: Hx): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [ATTRIBUTES[name as keyof Hx], String(value)]),
  );
}
