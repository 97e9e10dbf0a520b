import { assert, assertEquals } from "@std/assert";
import { encryptKey, generateKey } from "openpgp";
import { ENDPOINTS } from "../../../../src/api/endpoints.ts";
import { TOKEN } from "../../../support/administration.ts";
import { TestApp } from "../../../support/test_app.ts";

Deno.test("no answer or event contains a private key, and only one answer contains a token", async () => {
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0" },
  });
  const { privateKey } = await generateKey({ userIDs: [{ name: "Me" }], format: "object" });
  const locked = await encryptKey({ privateKey, passphrase: "a-passphrase" });
  const call = async (method: string, target: string, body?: unknown) =>
    await app.request(method, target, {
      headers: { authorization: `Bearer ${TOKEN}` },
      ...body === undefined ? {} : { body: JSON.stringify(body) },
    });
  const imported = await call("POST", "/api/v1/keys/import", {
    armored: locked.armor(),
    passphrase: "a-passphrase",
    overlap_ms: 0,
  });
  assertEquals(imported.status, 201, imported.text);
  const created = await call("POST", "/api/v1/tokens", { name: "x", purpose: "administrator" });
  const secret = JSON.parse(created.text).token.slice(-43);
  const failed = await call("POST", "/api/v1/keys/import", {
    armored: locked.armor(),
    passphrase: "another-passphrase",
    overlap_ms: 0,
  });
  assertEquals(failed.status, 400, failed.text);
  const answers = [imported.text, failed.text];
  for (const { method, path } of ENDPOINTS) {
    if (method === "GET") answers.push((await call("GET", path)).text);
  }
  answers.push(...app.log.lines);
  assert(answers.some((text) => text.includes("PUBLIC KEY")));
  for (const text of answers) {
    for (const hidden of ["PRIVATE KEY", "a-passphrase", secret]) {
      assert(!text.includes(hidden), hidden);
    }
  }
});
