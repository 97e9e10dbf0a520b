import { assertEquals } from "@std/assert";
import { packageBytes } from "../../../support/package_bytes.ts";
import { TestApp } from "../../../support/test_app.ts";

const PATH = "/core/os/x86_64/foo-1-1-any.pkg.tar.zst";
const ARMORED = new TextEncoder().encode("-----BEGIN PGP SIGNATURE-----\n");

for (
  const [what, path, body] of [["package", PATH, packageBytes(1_000, 1)], [
    "signature",
    `${PATH}.sig`,
    ARMORED,
  ]] as const
) {
  Deno.test(`a ${what} that a client asks for survives a moment without mirrors`, async () => {
    await using app = await TestApp.start();
    app.put(path, body);
    app.mirror.behave(path, { kind: "refuse" }, 1);
    assertEquals((await app.get(path)).status, 200);
    assertEquals(app.count(path), 2);
  });
}
