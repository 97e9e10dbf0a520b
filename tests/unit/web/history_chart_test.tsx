import { assertEquals, assertMatch } from "@std/assert";
import { rangeOf } from "../../../src/web/elements/history_chart.tsx";
import { clientsSentence } from "../../../src/web/pages/clients.tsx";

const LIST = { clients: [], known: 13, total: 13, behind: 0 };

Deno.test("any text in the URL is a range", () => {
  assertEquals(["month", "year", "day", "", "<b>"].map(rangeOf), [
    "month",
    "year",
    "day",
    "day",
    "day",
  ]);
});

Deno.test("the heading of the clients says who is behind", () => {
  assertEquals(clientsSentence(LIST, false), {
    heading: "13 clients, none of them behind",
    tone: "good",
  });
  assertMatch(clientsSentence({ ...LIST, behind: 2 }, false).heading, /2 of them last synced more/);
  assertEquals(clientsSentence({ ...LIST, behind: 2 }, false).tone, "warn");
  assertMatch(clientsSentence({ ...LIST, total: 1 }, true).heading, /^1 client of 13/);
  assertMatch(clientsSentence({ ...LIST, known: 0, total: 0 }, false).heading, /^Nobody/);
});
