// What the compiler proves about an endpoint, its handler and its caller. "deno check" fails on an
// expected error that does not occur.
import { assertEquals } from "@std/assert";
import { z } from "zod";
import { empty, endpoint } from "../../../src/api/endpoint.ts";
import type { ApiClient } from "../../../src/cli/api_client.ts";
import { handle, withStatus } from "../../../src/server/api/route.ts";

const ITEM = z.object({ name: z.string() });

const SHOW = endpoint({
  method: "GET",
  path: "/api/v1/items/{name}",
  summary: "Show an item",
  pathParameters: { name: z.string() },
  query: { depth: z.enum(["1", "2"]).optional() },
  answers: { 200: ITEM },
});

const SAVE = endpoint({
  method: "PUT",
  path: "/api/v1/items/{+directory}/{name}",
  summary: "Save an item",
  pathParameters: { directory: z.string(), name: z.string() },
  body: z.strictObject({ size: z.int() }),
  answers: { 200: ITEM, 201: ITEM },
});

const REMOVE = endpoint({
  method: "DELETE",
  path: "/api/v1/items",
  summary: "Remove all items",
  answers: { 204: empty("The items were removed.") },
});

Deno.test("the parameters of an endpoint are those of its path template", () => {
  const [method, summary, answers] = ["GET", "Show", { 200: ITEM }] as const;
  const { name } = SHOW.pathParameters;
  const path = "/api/v1/items/{name}";
  // @ts-expect-error: no parameters at all
  endpoint({ method, path, summary, answers });
  // @ts-expect-error: a misspelt parameter
  endpoint({ method, path, summary, answers, pathParameters: { nam: name } });
  // @ts-expect-error: a parameter too many
  endpoint({ method, path, summary, answers, pathParameters: { name, directory: name } });
  // @ts-expect-error: parameters of a path that has none
  endpoint({ method, path: "/api/v1/items", summary, answers, pathParameters: { name } });
  assertEquals(Object.keys(SAVE.pathParameters), ["directory", "name"]);
});

Deno.test("a handler gets the declared parameters and returns the declared answer", () => {
  handle(SHOW, ({ path: { name }, query: { depth } }) => ({ name: `${name}${depth ?? ""}` }));
  // @ts-expect-error: a misspelt parameter of the path
  handle(SHOW, ({ path: { nam } }) => ({ name: nam }));
  // @ts-expect-error: a misspelt parameter of the query
  handle(SHOW, ({ query: { dept } }) => ({ name: String(dept) }));
  // @ts-expect-error: a value that the query cannot have
  handle(SHOW, ({ query: { depth } }) => ({ name: depth === "3" ? "a" : "b" }));
  // @ts-expect-error: a body that is not declared
  handle(SHOW, ({ body }) => ({ name: body.name }));
  // @ts-expect-error: a misspelt member of the answer
  handle(SHOW, ({ path: { name } }) => ({ nam: name }));
  // @ts-expect-error: a member of another type, later
  handle(SHOW, async () => ({ name: await Promise.resolve(7) }));

  handle(SAVE, ({ path: { name }, body: { size } }) => withStatus(size > 1 ? 200 : 201, { name }));
  // @ts-expect-error: a status that is not declared
  handle(SAVE, ({ path: { name } }) => withStatus(204, { name }));
  // @ts-expect-error: no status, where there are two
  handle(SAVE, ({ path: { name } }) => ({ name }));
  // @ts-expect-error: a misspelt member of the body
  handle(SAVE, ({ body: { sise } }) => withStatus(200, { name: String(sise) }));

  handle(REMOVE, () => {});
  // @ts-expect-error: an answer where there is none
  handle(REMOVE, () => ({ name: "a" }));
});

Deno.test("a caller sends the declared input and gets the declared answer", () => {
  // Only compiled: there is no server.
  const calls = async (client: ApiClient) => {
    const item: { name: string } = await client.call(SHOW, { name: "a" });
    await client.call(SHOW, { name: item.name, depth: "2" });
    // @ts-expect-error: the parameter of the path is missing
    await client.call(SHOW);
    // @ts-expect-error: a misspelt parameter of the path
    await client.call(SHOW, { nam: "a" });
    // @ts-expect-error: a misspelt parameter of the query
    await client.call(SHOW, { name: "a", dept: "2" });
    // @ts-expect-error: a value that the query cannot have
    await client.call(SHOW, { name: "a", depth: "3" });
    // @ts-expect-error: a misspelt member of the answer
    (await client.call(SHOW, { name: "a" })).nam;

    await client.call(SAVE, { directory: "a/b", name: "c", body: { size: 1 } });
    // @ts-expect-error: the body is missing
    await client.call(SAVE, { directory: "a/b", name: "c" });
    // @ts-expect-error: a misspelt member of the body
    await client.call(SAVE, { directory: "a/b", name: "c", body: { sise: 1 } });

    const nothing: void = await client.call(REMOVE);
    // @ts-expect-error: nothing to stream
    client.stream(REMOVE);
    return nothing;
  };
  assertEquals(typeof calls, "function");
});
