import { parseConfig, type ParsedConfig } from "../../src/config/load.ts";
import type { SecretFileContent } from "../../src/config/secret_file.ts";
import type { Config } from "../../src/config/config.ts";
import { formatProblem } from "../../src/config/problem.ts";

export const FILE = "/etc/pkgstash/pkgstash.toml";

/** Parses a configuration independently of this machine's files and environment. */
export function parse(
  text: string,
  environment: Record<string, string> = {},
  envFiles: Record<string, SecretFileContent> = {},
): ParsedConfig {
  return parseConfig({
    text,
    fileName: FILE,
    getEnvironment: (name) => environment[name],
    readSecretFile: (path) => envFiles[path] ?? { failure: "no such file" },
    workingDirectory: "/here",
  });
}

/** The parsed configuration; throws an error with all problems, if there are any. */
export function configOf(...args: Parameters<typeof parse>): Config {
  const parsed = parse(...args);
  if (parsed.ok) return parsed.config;
  throw new Error(parsed.problems.map(formatProblem).join("\n"));
}

/** The problems of a configuration, one line each. */
export function problemsOf(...args: Parameters<typeof parse>): string[] {
  const parsed = parse(...args);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}
