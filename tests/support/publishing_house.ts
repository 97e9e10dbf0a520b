import { type Clock, SYSTEM_CLOCK } from "../../src/async/clock.ts";
import { Publishing } from "../../src/publishing/publishing.ts";
import type { Consent, MirroredNamesake } from "../../src/publishing/admission.ts";
import type { OwnRepository } from "../../src/publishing/own_repository.ts";
import type { UploadResult } from "../../src/publishing/staged_packages.ts";
import type { OwnRepositoryConfig } from "../../src/config/own_repositories.ts";
import type { OwnPackage } from "./own_package.ts";

export const NO_CONSENT: Consent = { downgrade: false, replace: false, shadow: false };

export interface HouseOptions {
  /** Mirrored packages by name. */
  readonly namesakes?: Readonly<Record<string, MirroredNamesake>>;
  /** Tables of the configuration. */
  readonly configured?: readonly OwnRepositoryConfig[];
  readonly now?: () => number;
  /** The clock by which keys sign. */
  readonly clock?: Clock;
}

/** Opens the wing for own repositories over a state directory, without a server. */
export async function openPublishing(
  stateRoot: string,
  { namesakes = {}, configured = [], now = Date.now, clock = SYSTEM_CLOCK }: HouseOptions = {},
): Promise<Publishing> {
  const settings = { stateRoot, upstreams: [], ownRepositories: configured };
  return await Publishing.open(settings, {
    now,
    clock,
    readPassphrase: () => null,
    namesakes: (names) =>
      Promise.resolve(
        new Map(names.flatMap((name) => {
          const namesake = namesakes[name];
          return namesake === undefined ? [] : [[name, [namesake]]];
        })),
      ),
  });
}

/** Uploads packages and publishes them together. */
export async function addPackages(
  publishing: Publishing,
  repository: OwnRepository,
  packages: readonly OwnPackage[],
  consent: Partial<Consent> = {},
): Promise<UploadResult> {
  const { uploads } = publishing;
  const id = await uploads.open(repository);
  for (const { fileName, bytes } of packages) {
    await uploads.put(repository, id, { fileName, body: new Response(bytes).body! });
  }
  return await uploads.publish(repository, id, {
    consent: { ...NO_CONSENT, ...consent },
    by: "tests",
  });
}

/** The published packages as `name version`. */
export async function packagesOf(repository: OwnRepository): Promise<string[]> {
  return (await repository.published()).map(({ name, version }) => `${name} ${version}`);
}
