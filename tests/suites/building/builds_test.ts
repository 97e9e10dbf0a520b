// A builder with real makepkg in real sandboxes.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { buildingTest, OWN, packageSource } from "../../support/building/build_bed.ts";

const PACKAGE =
  'package() { install -d "$pkgdir/usr/share/$pkgname"; echo x >"$pkgdir/usr/share/$pkgname/x"; }';

buildingTest("a package is built, published, and installed with SigLevel Required", async (bed) => {
  const { queue } = bed;
  const job = queue.add(packageSource("small", { body: PACKAGE }));
  await bed.builder();
  const result = await queue.resultOf(job);
  assertEquals(result.outcome, "built", JSON.stringify(result));
  assertEquals([...job.products.keys()], ["small-1.0-1-any.pkg.tar.zst"]);
  assertMatch(job.printed!, /^pkgbase = small$/m);
  assertEquals(queue.faults, []);
  await bed.publish(job);
  const client = await bed.bed.client(bed.server.pkgstash, {
    repositories: [OWN],
    sigLevel: "Required DatabaseRequired TrustedOnly",
    trust: await bed.server.key(),
  });
  await client.run("-Sy", "small");
  assertEquals(await client.run("-Q"), "small 1.0-1\n");
  assert(queue.logOf(job).includes("Finished making: small"));
});
