import { assert, assertEquals } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import fc from "fast-check";
import {
  journalLines,
  JSON_LINES,
  lineOf,
  TEXT_LINES,
} from "../../../../src/platform/observability/log_line.ts";
import { Redaction } from "../../../../src/platform/observability/redaction.ts";

const NOTHING_SECRET = new Redaction();

function textLine(record: LogRecord, redaction: Redaction): string {
  return lineOf(TEXT_LINES, record, redaction);
}

function jsonLine(record: LogRecord, redaction: Redaction): string {
  return lineOf(JSON_LINES, record, redaction);
}

function record(message: unknown[], properties: Record<string, unknown> = {}): LogRecord {
  return {
    category: ["pkgstash", "access"],
    level: "info",
    message,
    rawMessage: message.join(""),
    timestamp: Date.UTC(2026, 10, 23, 2),
    properties,
  };
}

Deno.test("a text line has time, level, message and properties", () => {
  const properties = {
    path: "/core/core.db",
    bytes: 12,
    agent: "pacman/6.0.2 (Linux)",
    none: undefined,
  };
  assertEquals(
    textLine(record(["request"], properties), NOTHING_SECRET),
    '2026-11-23T02:00:00.000Z INFO request path=/core/core.db bytes=12 agent="pacman/6.0.2 (Linux)"',
  );
});

Deno.test("a line for the journal begins with its priority, and a text leaves the time to the journal", () => {
  const at = (level: LogRecord["level"]) => ({ ...record(["request"], { bytes: 12 }), level });
  const text = (level: LogRecord["level"]) =>
    lineOf(journalLines(TEXT_LINES), at(level), NOTHING_SECRET);
  assertEquals(text("warning"), "<4>WARNING request bytes=12");
  assertEquals(
    (["fatal", "error", "info", "debug"] as const).map((level) => text(level).slice(0, 3)),
    ["<2>", "<3>", "<6>", "<7>"],
  );
  const json = lineOf(journalLines(JSON_LINES), at("error"), NOTHING_SECRET);
  assertEquals(json, `<3>${jsonLine(at("error"), NOTHING_SECRET)}`);
});

Deno.test("values in a text line are quoted if they could be misread", async (t) => {
  const cases: [unknown, string][] = [
    ["plain", "plain"],
    ["gtk2+extra-1:2~3@x", "gtk2+extra-1:2~3@x"],
    ["", '""'],
    ["a b", '"a b"'],
    ["a=b", '"a=b"'],
    ['say "x"', '"say \\"x\\""'],
    ["back\\slash", '"back\\\\slash"'],
    ["line\nfeed\r", '"line\\nfeed\\r"'],
    ["\x1b[2Jclear", '"\\u001b[2Jclear"'],
    ["\x9b2J", '"\\u009b2J"'],
    ["\u2028\u202e", '"\\u2028\\u202e"'],
    ["größe", '"größe"'],
    [null, "null"],
    [["a", 1], "a,1"],
    [["a b", "c"], '"a b,c"'],
    [{ a: 1 }, '"{\\"a\\":1}"'],
  ];
  for (const [value, expected] of cases) {
    await t.step(expected, () => {
      const line = textLine(record(["m"], { key: value }), NOTHING_SECRET);
      assertEquals(line, `2026-11-23T02:00:00.000Z INFO m key=${expected}`);
    });
  }
});

Deno.test("a JSON line has the properties beside the fixed fields, which they cannot override", () => {
  const line = jsonLine(record(["asked ", "a b", ""], { status: 200, level: "x" }), NOTHING_SECRET);
  assertEquals(JSON.parse(line), {
    time: "2026-11-23T02:00:00.000Z",
    level: "info",
    logger: "pkgstash.access",
    message: 'asked "a b"',
    status: 200,
    _level: "x",
  });
});

Deno.test("no value can forge a line, and every JSON line can be parsed", () => {
  const text = fc.string({ unit: "binary" });
  const properties = fc.dictionary(text, fc.oneof(text, fc.anything()));
  fc.assert(fc.property(text, text, properties, (message, inserted, values) => {
    const entry = record([message, inserted, ""], values);
    const lines = [textLine(entry, NOTHING_SECRET), jsonLine(entry, NOTHING_SECRET)];
    for (const line of lines) assert(!/[\p{Cc}\u2028\u2029]/u.test(line), line);
    assertEquals(JSON.parse(lines[1]!).level, "info");
  }));
});

Deno.test("a secret is hidden in messages, values and properties alike", () => {
  const redaction = new Redaction(['p"w']);
  for (const line of [textLine, jsonLine]) {
    const shown = line(record(['a p"w ', 'p"w', ""], { path: '/x?p"w', deep: ['p"w'] }), redaction);
    assert(!/p\\*"w/.test(shown), shown);
  }
});
