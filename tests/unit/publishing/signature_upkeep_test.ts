import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createMessage, generateKey, sign } from "openpgp";
import type { Clock } from "../../../src/async/clock.ts";
import { PkgstashError } from "../../../src/errors.ts";
import type { OwnRepository } from "../../../src/publishing/own_repository.ts";
import type { Publishing } from "../../../src/publishing/publishing.ts";
import { ownPackage } from "../../support/own_package.ts";
import { addPackages, NO_CONSENT, openPublishing } from "../../support/publishing_house.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** A clock that a test sets, ahead of the machine's so that keys made meanwhile are valid. */
class SetClock implements Clock {
  time = Date.now() + 5_000;
  now = () => this.time;
  monotonic = () => this.time;
  sleep = (_: number, signal: AbortSignal) =>
    signal.aborted
      ? Promise.resolve()
      : new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}

interface House {
  readonly clock: SetClock;
  readonly root: string;
  readonly publishing: Publishing;
  readonly mine: OwnRepository;
  /** The key that signs until the end of the overlap. */
  readonly first: string;
}

const OVERLAP_MS = 60_000;

/** Runs with a signed repository of three packages, and a second key that signs after the overlap. */
async function inOverlap(run: (house: House) => Promise<void>): Promise<void> {
  await using folder = await TempFolder.create();
  const clock = new SetClock();
  const root = folder.join("state");
  const publishing = await openPublishing(root, { clock });
  try {
    const mine = await publishing.create("mine", {}, "tests");
    const packages = ["bar", "baz", "foo"].map((name) => ownPackage(name));
    await addPackages(publishing, mine, await Promise.all(packages));
    const { fingerprint: first } = await publishing.signing.publicKeys();
    clock.time += 1_000;
    await publishing.signing.rotate({ overlapMs: OVERLAP_MS });
    await run({ clock, root, publishing, mine, first });
  } finally {
    await publishing.stop();
  }
}

/** Who signed each package, by its name, and the served database. */
async function makers({ publishing, mine }: House): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  const note = async (name: string, path: string) => {
    found[name] = await publishing.signing.verify(path, await Deno.readFile(`${path}.sig`));
  };
  for (const each of await mine.kept()) await note(each.name, mine.packages.pathOf(each));
  await note("db", mine.pathIn((await mine.current())!, "x86_64.db"));
  return found;
}

Deno.test("everything is signed again by the new key when the overlap ends, and only once", async () => {
  await inOverlap(async (house) => {
    const { clock, publishing, mine, first } = house;
    const before = (await mine.current())!;
    await publishing.signatures.run();
    const old = { bar: [first], baz: [first], foo: [first], db: [first] };
    assertEquals(await makers(house), old, "the new key does not sign yet");
    clock.time += OVERLAP_MS;
    await publishing.signatures.run();
    const { fingerprint: second } = await publishing.signing.publicKeys();
    assertEquals(await makers(house), {
      bar: [second],
      baz: [second],
      foo: [second],
      db: [second],
    });
    const { number, by, action, changes } = (await mine.current())!;
    assertEquals(
      { number, by, action, changes },
      { number: before.number + 1, by: "pkgstash", action: `sign with ${second}`, changes: [] },
    );
    await publishing.signatures.run();
    publishing.signatures.wake();
    await publishing.signatures.run();
    assertEquals((await mine.current())!.number, number);
    assertEquals((await publishing.verify("mine")).faults, []);
  });
});

Deno.test("an interrupted run leaves valid signatures, and the next start completes it", async () => {
  await inOverlap(async (house) => {
    const { clock, root, publishing, mine, first } = house;
    clock.time += OVERLAP_MS;
    const replace = mine.replaceSignature.bind(mine);
    let replaced = 0;
    mine.replaceSignature = async (...call) => {
      if (replaced++ === 1) throw new Error("the power fails");
      return await replace(...call);
    };
    await assertRejects(() => publishing.signatures.run(), Error, "the power fails");
    const { fingerprint: second } = await publishing.signing.publicKeys();
    const counts = Object.values(await makers(house)).flat();
    assertEquals(counts.filter((maker) => maker === second).length, 1);
    assertEquals(counts.filter((maker) => maker === first).length, 3);
    await publishing.stop();
    const again = await openPublishing(root, { clock });
    await again.signatures.run();
    const restarted = { ...house, publishing: again, mine: again.repository("mine") };
    assertEquals(new Set(Object.values(await makers(restarted)).flat()), new Set([second]));
    await again.stop();
  });
});

Deno.test("a packager's signature is never replaced", async () => {
  await inOverlap(async (house) => {
    const { clock, publishing, mine } = house;
    clock.time += OVERLAP_MS;
    const { privateKey } = await generateKey({
      ...{ type: "ecc", curve: "ed25519Legacy", format: "object" },
      userIDs: [{ name: "Packager" }],
    });
    const { fingerprint } = await publishing.signing.trust(privateKey.toPublic().armor());
    const { fileName, bytes } = await ownPackage("theirs");
    const signature = await sign({
      message: await createMessage({ binary: bytes }),
      ...{ signingKeys: privateKey, detached: true, format: "binary" },
    });
    const id = await publishing.uploads.open(mine);
    for (const [name, body] of [[fileName, bytes], [`${fileName}.sig`, signature]] as const) {
      const upload = { fileName: name, body: new Response(body as BodyInit).body! };
      await publishing.uploads.put(mine, id, upload);
    }
    await publishing.uploads.publish(mine, id, { consent: NO_CONSENT, by: "tests" });
    await publishing.signatures.run();
    assertEquals((await makers(house))["theirs"], [fingerprint]);
  });
});

Deno.test("a key is retired only when nothing that clients get needs it", async () => {
  await inOverlap(async ({ clock, publishing, mine, first }) => {
    clock.time += OVERLAP_MS;
    const { fingerprint: second } = await publishing.signing.publicKeys();
    const refusal = async (fingerprint: string, force = false) => {
      const retiring = () => publishing.retireKey(fingerprint, { force });
      return (await assertRejects(retiring, PkgstashError)).message;
    };
    assertMatch(await refusal(second, true), /it is the signing key/);
    assertMatch(await refusal("0".repeat(40), true), /no such key/);
    const [foo] = await mine.published();
    const old = await Deno.readFile(mine.packages.signatureOf(foo!));
    assertMatch(await refusal(first, true), /not yet replaced by the new key's/);
    await publishing.signatures.run();
    assertMatch(await refusal(first), /generations 1, 2 of mine, which views show.*--force/);
    await publishing.retireKey(first, { force: true });
    assertEquals((await publishing.signing.list()).map((key) => key.fingerprint), [second]);
    await assertRejects(
      () => publishing.signing.verify(mine.packages.pathOf(foo!), old),
      PkgstashError,
      "is not trusted",
    );
    assertEquals((await publishing.verify("mine")).faults, []);
  });
});

Deno.test("a signature replaced in the meantime is not overwritten", async () => {
  await inOverlap(async ({ mine }) => {
    const [foo] = await mine.published();
    const [before, after] = [new Uint8Array([1]), new Uint8Array([2])];
    const path = mine.packages.signatureOf(foo!);
    const present = await Deno.readFile(path);
    assertEquals(await mine.replaceSignature(foo!, { before, after }), false);
    assertEquals(await Deno.readFile(path), present);
  });
});
