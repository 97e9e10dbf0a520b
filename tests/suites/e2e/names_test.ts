// Names with characters that pacman sends raw and other clients escape.
import { assertEquals, assertMatch } from "@std/assert";
import { assertDownloaded } from "../../support/end_to_end/assert_downloaded.ts";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import { sha256Of, sha256OfFile } from "../../support/sha256.ts";

endToEndTest("packages with +, :, ~ and @ in their names can be installed", async (bed) => {
  const { repositories, mirror, pkgstash } = await bed.mirrored();
  const names = ["gtk2+extra", "scope@types"];
  for (let i = 0; i < 2; i++) {
    const client = await bed.client(pkgstash);
    await client.run("-Sy", ...names);
    assertEquals(
      await client.run("-Q"),
      "gtk2+extra 2:1.0.r3+g12ab~1-1\nscope@types 3.1-1\n",
    );
    await assertDownloaded(client, ...names.map((name) => repositories.package(name)));
  }
  assertEquals((await mirror.packageRequests()).length, 2);
});

endToEndTest(
  "a name is one file however it is escaped, in the cache and at the mirror",
  async (bed) => {
    const { repositories, mirror, pkgstash } = await bed.mirrored();
    for (const name of ["gtk2+extra", "scope@types"]) {
      const { file, path } = repositories.package(name);
      const everyByteEscaped = [...new TextEncoder().encode(file)].map((byte) =>
        "%" + byte.toString(16).padStart(2, "0")
      ).join("");
      const results: string[] = [];
      for (const spelling of [encodeURIComponent(file), file, everyByteEscaped]) {
        const response = await fetch(`${pkgstash.url}extra/os/x86_64/${spelling}`);
        assertEquals(sha256Of(await response.bytes()), await sha256OfFile(path), spelling);
        results.push(response.headers.get("x-cache") ?? "");
      }
      // JOIN: all bytes are here, but the file is still being moved into the cache.
      assertMatch(results.join(" "), /^MISS (HIT|JOIN) (HIT|JOIN)$/);
    }
    const requested = (await mirror.packageRequests()).map(({ file, status }) => ({
      file,
      status,
    }));
    assertEquals(
      requested,
      ["gtk2+extra", "scope@types"].map((name) => ({
        file: repositories.package(name).file,
        status: 200,
      })),
    );
  },
);
