import { assertEquals, assertStringIncludes } from "@std/assert";
import { AccessLines } from "../../../../src/platform/observability/access_lines.ts";
import {
  JSON_LINES,
  type LineFormat,
  lineOf,
  TEXT_LINES,
} from "../../../../src/platform/observability/log_line.ts";
import { Redaction } from "../../../../src/platform/observability/redaction.ts";

const TIME = Date.UTC(2026, 10, 23, 2);
const FORMATS: readonly [string, LineFormat][] = [["text", TEXT_LINES], ["JSON", JSON_LINES]];

Deno.test("the line of a request is that of a record with all its properties", async (t) => {
  const client = { client: "192.0.2.1" };
  const outcome = { path: "/a b", status: 200, cache: undefined, level: "x" };
  const rest = { agent: "pacman/7.0 \u0085", none: null };
  for (const [name, format] of FORMATS) {
    await t.step(name, () => {
      const redaction = new Redaction();
      const lines = new AccessLines(format, redaction);
      for (const common of [outcome, Object.freeze({ ...outcome })]) {
        for (const timestamp of [TIME, TIME, TIME + 1]) {
          const expected = lineOf(format, {
            category: ["pkgstash", "access"],
            level: "info",
            message: ["request"],
            rawMessage: "request",
            timestamp,
            properties: { ...client, ...outcome, ...rest },
          }, redaction);
          assertEquals(lines.line(timestamp, [client, common, {}, rest]), expected);
        }
      }
    });
  }
});

Deno.test("properties that can still change are formatted for each request", () => {
  const lines = new AccessLines(TEXT_LINES, new Redaction());
  const counted = { bytes: 1 };
  lines.line(TIME, [counted]);
  counted.bytes = 2;
  assertStringIncludes(lines.line(TIME, [counted]), "bytes=2");
});

Deno.test("a secret is hidden in what requests have in common", () => {
  const common = Object.freeze({ path: "/hunter2" });
  assertStringIncludes(
    new AccessLines(TEXT_LINES, new Redaction()).line(TIME, [common]),
    "hunter2",
  );
  const lines = new AccessLines(TEXT_LINES, new Redaction(["hunter2"]));
  for (let times = 0; times < 2; times++) {
    assertStringIncludes(lines.line(TIME, [common]), "path=/[redacted]");
  }
});
