// Real packages, compared with what repo-add once wrote of them in the databases of their mirror.
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { decompress } from "../../../../src/formats/archive/archive_compression.ts";
import { TarReader } from "../../../../src/formats/archive/tar_reader.ts";
import { descText } from "../../../../src/formats/pacman/database_entry.ts";
import { readPackageArchive } from "../../../../src/formats/pacman/package_archive.ts";
import {
  REAL_DATA,
  REAL_DATA_MISSING,
  REAL_DATA_NOTE,
  realBytes,
} from "../../../support/real_data.ts";
import { streamOf } from "../../../support/sync_db_reading.ts";

const MIRROR = "mirror-armv7h/armv7h";

/** By folder, `desc` and what used to be in a file of its own, `depends`. */
async function realEntries(repository: string): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  const tar = new TarReader(() => true);
  const database = await realBytes(`${MIRROR}/${repository}/${repository}.db.tar.gz`);
  for await (const chunk of decompress(streamOf(database))) {
    for (const { name, body } of tar.push(chunk)) {
      const [folder = "", file] = name.split("/");
      const text = new TextDecoder().decode(body ?? new Uint8Array(0));
      const known = entries.get(folder) ?? "";
      entries.set(folder, file === "depends" ? known + text : text + known);
    }
  }
  return entries;
}

/** Fields and their values; that mirror's repo-add left out what only builders need. */
function fieldsOf(desc: string): Map<string, string> {
  const fields = [...desc.matchAll(/^%([A-Z0-9]+)%\n((?:.+\n)+)/gm)]
    .map(([, key = "", values = ""]): [string, string] => [key, values]);
  return new Map(fields.filter(([key]) => key !== "MAKEDEPENDS" && key !== "CHECKDEPENDS"));
}

for (const repository of ["core", "extra"]) {
  Deno.test({
    name: `the packages of a real ${repository} have the entries that it has${REAL_DATA_NOTE}`,
    ignore: REAL_DATA_MISSING,
    async fn() {
      const entries = await realEntries(repository);
      const files = [...Deno.readDirSync(`${REAL_DATA}/${MIRROR}/${repository}`)]
        .map(({ name }) => name).filter((name) => name.endsWith(".pkg.tar.xz"));
      assert(files.length > 0);
      for (const fileName of files) {
        const bytes = await realBytes(`${MIRROR}/${repository}/${fileName}`);
        const { info, buildInfo, files } = await readPackageArchive(streamOf(bytes), fileName);
        const real = entries.get(`${info.name}-${info.version}`) ?? "";
        const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
        const signature = /%PGPSIG%\n(.*)\n/.exec(real)?.[1];
        const own = descText(info, {
          fileName,
          size: bytes.length,
          sha256: digest("sha256"),
          md5: digest("md5"),
          ...(signature === undefined ? {} : { signature }),
        });
        assertEquals(fieldsOf(own), fieldsOf(real));
        if (buildInfo !== null) assertEquals(buildInfo.base, info.base);
        assert(files.length > 0);
      }
    },
  });
}
