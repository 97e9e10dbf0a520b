import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createMessage, generateKey, type PrivateKey, sign } from "openpgp";
import { join } from "@std/path";
import { PkgstashError } from "../../../src/errors.ts";
import type { OwnRepository } from "../../../src/publishing/own_repository.ts";
import type { Publishing } from "../../../src/publishing/publishing.ts";
import { StateLayout } from "../../../src/publishing/state_layout.ts";
import { ownPackage } from "../../support/own_package.ts";
import { addPackages, openPublishing, packagesOf } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

interface House {
  readonly root: string;
  readonly publishing: Publishing;
  readonly mine: OwnRepository;
  /** The external signer's key, which is trusted. */
  readonly key: PrivateKey;
}

async function newKey(): Promise<PrivateKey> {
  const { privateKey } = await generateKey({
    ...{ type: "ecc", curve: "ed25519Legacy", format: "object" },
    userIDs: [{ name: "Signer" }],
  });
  return privateKey;
}

async function signatureOf(path: string, key: PrivateKey): Promise<Uint8Array> {
  return await signatureOfBytes(await Deno.readFile(path), key);
}

async function signatureOfBytes(binary: Uint8Array, key: PrivateKey): Promise<Uint8Array> {
  return await sign({
    message: await createMessage({ binary }),
    ...{ signingKeys: key, detached: true, format: "binary" },
  }) as unknown as Uint8Array;
}

/** The names of the files without a signature. */
async function unsigned(mine: OwnRepository): Promise<string[]> {
  const { files } = (await mine.waiting())!;
  return files.filter(({ isSigned }) => !isSigned).map(({ name }) => name);
}

/** Signs everything that waits. */
async function signAll({ mine, key }: Pick<House, "mine" | "key">): Promise<void> {
  for (const { name, path, isSigned } of (await mine.waiting())!.files) {
    if (!isSigned) await mine.sign(name, await signatureOf(path, key));
  }
}

async function withHouse(run: (house: House) => Promise<void>): Promise<void> {
  await using folder = await TempFolder.create();
  const root = folder.join("state");
  const publishing = await openPublishing(root);
  try {
    const key = await newKey();
    await publishing.signing.trust(key.toPublic().armor());
    const mine = await publishing.create("mine", { signing: "external" }, "tests");
    await run({ root, publishing, mine, key });
  } finally {
    await publishing.stop();
  }
}

Deno.test("nothing is published before every file has a signature by a trusted key", async () => {
  await withHouse(async (house) => {
    const { publishing, mine, key } = house;
    assertEquals(await mine.current(), null, "not even the empty repository");
    await signAll(house);
    assertEquals((await mine.current())!.number, 1);
    const { fileName, bytes } = await ownPackage("foo");
    const { generation } = await addPackages(publishing, mine, [{ fileName, bytes }]);
    assertEquals(generation, null);
    assertEquals(await packagesOf(mine), []);
    assertEquals(await unsigned(mine), ["x86_64.db", "x86_64.files", fileName]);
    const { files } = (await mine.waiting())!;
    for (const [index, { name, path }] of files.entries()) {
      assertEquals((await mine.current())!.number, 1);
      const published = await mine.sign(name, await signatureOf(path, key));
      assertEquals(published === null, index < files.length - 1);
    }
    const current = (await mine.current())!;
    assertEquals([current.number, current.by, current.action], [2, "tests", "add"]);
    assertEquals(current.changes.map(({ kind, to }) => `${kind} ${to?.name}`), ["added foo"]);
    assertEquals(await packagesOf(mine), ["foo 1.0-1"]);
    assertEquals(await mine.waiting(), null);
    assertEquals((await publishing.verify("mine")).faults, []);
  });
});

Deno.test("a signature has its database's date, which is later in each publication", async () => {
  await withHouse(async (house) => {
    const { root, publishing, mine } = house;
    const datesOf = async (number: number) => {
      const { files } = (await mine.history()).find((each) => each.number === number)!;
      const names = Object.keys(files).filter((name) => !name.endsWith(".json"));
      const seconds = await Promise.all(names.map(async (name) => {
        const path = join(new StateLayout(root).repository("mine").generation(number), name);
        return Math.floor((await Deno.stat(path)).mtime!.getTime() / 1000);
      }));
      return [names.length, ...new Set(seconds)];
    };
    await signAll(house);
    await addPackages(publishing, mine, [await ownPackage("foo")]);
    await signAll(house);
    const [first, second] = [await datesOf(1), await datesOf(2)];
    assertEquals([first.length, second.length], [2, 2], "one date in each");
    assertEquals([first[0], second[0]], [4, 4]);
    assert(second[1]! > first[1]!);
  });
});

Deno.test("a signature by another key, of different bytes, or of a file that does not await one is refused", async () => {
  await withHouse(async ({ publishing, mine, key }) => {
    const [database] = (await mine.waiting())!.files;
    const refusal = async (name: string, signature: Uint8Array) =>
      (await assertRejects(() => mine.sign(name, signature), PkgstashError)).message;
    const { path } = database!;
    const stranger = await signatureOf(path, await newKey());
    assertMatch(await refusal("x86_64.db", stranger), /is not trusted/);
    const daemon = await publishing.signing.sign(path);
    assertMatch(await refusal("x86_64.db", daemon), /is not trusted/);
    assertMatch(
      await refusal("x86_64.db", await signatureOfBytes(new Uint8Array(1), key)),
      /it is invalid/,
    );
    const good = await signatureOf(path, key);
    assertMatch(await refusal("x86_64.db.sig", good), /does not await/);
    assertMatch(await refusal("../../keys/private", good), /does not await/);
    assertEquals(await unsigned(mine), ["x86_64.db", "x86_64.files"]);
  });
});

Deno.test("a further change joins the waiting one, and its databases need new signatures", async () => {
  await withHouse(async (house) => {
    const { publishing, mine, key } = house;
    await addPackages(publishing, mine, [await ownPackage("bar")]);
    for (const { name, path } of (await mine.waiting())!.files) {
      if (name.startsWith("bar")) await mine.sign(name, await signatureOf(path, key));
    }
    await addPackages(publishing, mine, [await ownPackage("foo")]);
    assertEquals(
      await unsigned(mine),
      ["x86_64.db", "x86_64.files", "foo-1.0-1-x86_64.pkg.tar.gz"],
    );
    await mine.remove(["foo"], { force: false, by: "tests" });
    await signAll(house);
    assertEquals(await packagesOf(mine), ["bar 1.0-1"]);
  });
});

Deno.test("a waiting change and its signatures survive a restart", async () => {
  await withHouse(async ({ root, publishing, mine, key }) => {
    await addPackages(publishing, mine, [await ownPackage("foo")]);
    const [database] = (await mine.waiting())!.files;
    await mine.sign(database!.name, await signatureOf(database!.path, key));
    await publishing.stop();
    const again = await openPublishing(root);
    try {
      const restarted = again.repository("mine");
      const rest = ["x86_64.files", "foo-1.0-1-x86_64.pkg.tar.gz"];
      assertEquals(await unsigned(restarted), rest);
      await signAll({ mine: restarted, key });
      assertEquals(await packagesOf(restarted), ["foo 1.0-1"]);
    } finally {
      await again.stop();
    }
  });
});

Deno.test("a signature whose key is no longer trusted, or whose file is damaged, does not publish", async () => {
  await withHouse(async (house) => {
    const { publishing, mine, key } = house;
    const [database, fileList] = (await mine.waiting())!.files;
    await mine.sign(database!.name, await signatureOf(database!.path, key));
    const other = await newKey();
    await publishing.signing.trust(other.toPublic().armor());
    await publishing.signing.distrust(key.getFingerprint().toUpperCase());
    const last = await signatureOf(fileList!.path, other);
    assertEquals(await mine.sign(fileList!.name, last), null);
    assertEquals(await unsigned(mine), ["x86_64.db"]);
    await mine.sign("x86_64.db", await signatureOf(database!.path, other));
    assertEquals((await mine.current())!.number, 1);

    await addPackages(publishing, mine, [await ownPackage("foo")]);
    const files = (await mine.waiting())!.files;
    const foo = files.find(({ name }) => name.startsWith("foo"))!;
    await mine.sign(foo.name, await signatureOf(foo.path, other));
    await Deno.writeTextFile(foo.path, "damaged on the disk");
    const error = await assertRejects(() => signAll({ mine, key: other }), PkgstashError);
    assert(error.message.includes("is no longer valid"), error.message);
    assertEquals((await mine.current())!.number, 1);
    assertEquals((await unsigned(mine)).length, 1);
    assertEquals(house.mine, mine);
  });
});

Deno.test("a waiting change can be discarded, and published packages stay", async () => {
  await withHouse(async (house) => {
    const { root, publishing, mine } = house;
    await assertRejects(
      () => mine.discardWaiting(),
      PkgstashError,
      "no change of its packages awaits",
    );
    await signAll(house);
    await addPackages(publishing, mine, [await ownPackage("bar")]);
    await signAll(house);
    await addPackages(publishing, mine, [await ownPackage("foo")]);
    await mine.remove(["bar"], { force: false, by: "tests" });
    const stored = () => [...Deno.readDirSync(mine.layout.packages)].length;
    assertEquals(stored(), 2);
    const { by, action, changes } = await mine.discardWaiting();
    assertEquals([by, action], ["tests", "remove"]);
    assertEquals(
      changes.map(({ kind, from, to }) => `${kind} ${(to ?? from)!.name}`),
      ["removed bar", "added foo"],
    );
    assertEquals([await mine.waiting(), stored()], [null, 1]);
    assertEquals(await packagesOf(mine), ["bar 1.0-1"]);
    await assertRejects(
      () => mine.discardWaiting(),
      PkgstashError,
      "no change of its packages awaits",
    );
    await publishing.stop();
    const again = await openPublishing(root);
    try {
      const restarted = again.repository("mine");
      assertEquals([await restarted.waiting(), await packagesOf(restarted)], [null, ["bar 1.0-1"]]);
    } finally {
      await again.stop();
    }
  });
});

Deno.test("an empty repository still awaits signatures after its first packages are discarded", async () => {
  await withHouse(async (house) => {
    const { publishing, mine } = house;
    await addPackages(publishing, mine, [await ownPackage("foo")]);
    await mine.discardWaiting();
    assertEquals(await unsigned(mine), ["x86_64.db", "x86_64.files"]);
    await signAll(house);
    assertEquals([(await mine.current())!.number, await packagesOf(mine)], [1, []]);
  });
});

Deno.test("a move into an externally signed repository is refused", async () => {
  await withHouse(async (house) => {
    const { publishing, mine } = house;
    await signAll(house);
    const testing = await publishing.create("testing", {}, "tests");
    await addPackages(publishing, testing, [await ownPackage("foo")]);
    const promotion = {
      ...{ from: "testing", to: "mine", names: ["foo"], by: "tests" },
      consent: { downgrade: false, replace: false, shadow: false },
    };
    const moved = publishing.promote({ ...promotion, move: { force: false } });
    const { message } = await assertRejects(() => moved, PkgstashError);
    assertMatch(message, /Cannot move to mine: .*Promote the packages, sign them, then remove/);
    assertEquals(await mine.waiting(), null);
    assertEquals(await packagesOf(testing), ["foo 1.0-1"]);
    await publishing.promote({ ...promotion, move: null });
    await signAll(house);
    assertEquals(await packagesOf(mine), ["foo 1.0-1"]);
  });
});
