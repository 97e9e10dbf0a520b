// Signed databases that change while clients keep synchronizing them.
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { endToEndTest } from "../../support/end_to_end/test_bed.ts";
import type { NginxMirror } from "../../support/end_to_end/nginx_mirror.ts";
import { buildPackages } from "../../support/end_to_end/package_builder.ts";
import type { PackageRepository } from "../../support/end_to_end/package_repository.ts";
import { sha256OfFile } from "../../support/sha256.ts";
import { until } from "../../support/until.ts";

const UPDATES = 15;
const CLIENTS = 3;

/**
 * Updates a mirror's folder as rsync would, file by file: for a while it has the new database with
 * the signature of the old one.
 */
async function synchronize(
  repository: PackageRepository,
  folder: string,
  betweenDatabaseAndSignature: () => Promise<void>,
): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(repository.folder))).map(({ name }) => name)
    .filter((name) => !name.includes(".old"));
  const isIndex = (name: string) => /\.(db|files)/.test(name);
  const inOrder = [
    ...names.filter((name) => !isIndex(name)),
    ...names.filter(isIndex).sort(),
  ];
  for (const name of inOrder) {
    const source = repository.path(name);
    const { mtime } = await Deno.stat(source);
    const target = join(folder, name);
    await Deno.copyFile(source, `${target}.new`);
    await Deno.utime(`${target}.new`, mtime!, mtime!);
    await Deno.rename(`${target}.new`, target);
    if (name === `${repository.name}.db`) await betweenDatabaseAndSignature();
  }
}

/** Waits for another request for the database's signature. */
async function untilSignatureRequested(mirror: NginxMirror): Promise<void> {
  const count = async () =>
    (await mirror.requests()).filter(({ file }) => file === "core.db.sig").length;
  const before = await count();
  await until("the signature is requested", async () => await count() > before);
}

endToEndTest("clients see no signature error, whenever the mirror changes", async (bed) => {
  const key = await bed.signingKey();
  const { core, root } = await bed.repositories(key);
  const live = await bed.copyOf(root);
  const folder = join(live, "core", "os", "x86_64");
  const mirror = await bed.mirror({ root: live });
  const pkgstash = await bed.pkgstash([mirror.url()], { database_max_age: "0s" });
  const versions = await buildPackages(
    Array.from({ length: UPDATES }, (_, index) => ({
      name: "pulse",
      version: `${index + 1}`,
      size: 1024,
    })),
  );

  let isOver = false;
  const clients = Array.from({ length: CLIENTS }, async () => {
    const client = await bed.client(pkgstash, { sigLevel: "Required", trust: key });
    try {
      for (let rounds = 0; !isOver || rounds < UPDATES; rounds++) await client.run("-Sy");
    } finally {
      isOver = true;
    }
  });
  const updates = (async () => {
    for (const [index, version] of versions.entries()) {
      if (isOver) return;
      await core.publish([version]);
      // In every third update, the mirror stays halfway until pkgstash has requested the signature.
      await synchronize(
        core,
        folder,
        () => index % 3 === 0 ? untilSignatureRequested(mirror) : Promise.resolve(),
      );
    }
  })().finally(() => isOver = true);
  await Promise.all([updates, ...clients]);

  const client = await bed.client(pkgstash, { sigLevel: "Required", trust: key });
  await client.run("-Sy", "pulse");
  assertEquals(await client.run("-Q"), `pulse ${UPDATES}-1\n`);
  assertEquals(
    await sha256OfFile(client.database("core.db")),
    await sha256OfFile(core.path("core.db")),
  );
  assertEquals(
    await sha256OfFile(client.database("core.db.sig")),
    await sha256OfFile(core.path("core.db.sig")),
  );
});
