const NAMES: readonly (readonly [RegExp, string])[] = [
  [/\bEdg\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\//, "Firefox"],
  [/\b(?:Headless)?Chrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, "Android"],
  [/\b(?:iPhone|iPad)\b/, "iOS"],
  [/\bMac OS X\b/, "macOS"],
  [/\bWindows\b/, "Windows"],
  [/\bLinux\b/, "Linux"],
];

const MAX_LENGTH = 40;

/** The browser and system that a user agent claims to be, such as `Firefox on Linux`. */
export function browserName(agent: string | null): string {
  if (agent === null) return "unknown";
  const nameIn = (names: typeof NAMES) => names.find(([pattern]) => pattern.test(agent))?.[1];
  const name = nameIn(NAMES);
  if (name === undefined) return agent.slice(0, MAX_LENGTH);
  const system = nameIn(SYSTEMS);
  return system === undefined ? name : `${name} on ${system}`;
}
