import type { AcceptedBuild, Attribution } from "../accepted_build.ts";

/** What is to be built. One build is made for each architecture; `any` is built on any machine. */
export interface BuildRequest extends AcceptedBuild {
  /** Name of the repository of our own where it is published. */
  readonly repository: string;
  /** Why nobody can build it for the repository; without that somebody can. */
  readonly unusable?: string;
}

/** Why a build failed. The first line is what builders report. */
export type FailureClass =
  | ReportedFailure
  | "lost_builder"
  | "metadata_mismatch"
  | "product_refused"
  | "publication"
  | "source_missing";

/** Why a builder could not build. */
export type ReportedFailure =
  /** A source is no longer where the PKGBUILD says. */
  | "source_gone"
  | "network"
  | "checksum"
  | "signature"
  | "dependency_missing"
  | "build_error"
  | "test_failure"
  | "timeout"
  /** Memory, disk or processes. */
  | "resources"
  /** The builder itself lacks something, such as a sandbox. */
  | "builder_unfit";

/** What a builder is doing. */
export type BuildStep =
  | "preparing"
  | "fetching"
  | "metadata"
  | "building"
  | "checking"
  | "uploading";

export interface BuildFailure {
  readonly class: FailureClass;
  /** In words. */
  readonly reason: string;
  readonly step: BuildStep | null;
}

/** One time that a builder had the job. Times are in milliseconds since the epoch. */
export interface Attempt {
  /** Counts from 1 on. */
  readonly number: number;
  /** The name of the lease. */
  readonly job: string;
  /** The name of the builder's token. */
  readonly builder: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Null while it goes on. */
  readonly outcome: "built" | "failed" | "lost" | "cancelled" | "returned" | null;
  readonly failure: BuildFailure | null;
}

/** Something that a person should know before a product is published. */
export interface ProductFact {
  readonly kind: ProductFactKind;
  /** The package that it is about. */
  readonly packageName: string;
  /** What was published or approved; null for nothing. */
  readonly before: string | null;
  /** What the product has; null for nothing. */
  readonly after: string | null;
  /** In words. */
  readonly reason: string;
}

export type ProductFactKind =
  | "name"
  | "version"
  | "architecture"
  | "packager"
  | "official_name"
  | "replaces"
  | "groups"
  | "provides"
  | "conflicts"
  | "depends"
  | "backup"
  | "script"
  | "privileged"
  | "sensitive_path"
  | "files"
  | "size"
  | "not_reproducible";

/** Why a build waits for a person, or waited until it was refused. */
export interface Hold {
  readonly kind: "product" | "metadata" | "builders" | "patches" | "architectures";
  /** In words. */
  readonly reason: string;
  /** Of a product. */
  readonly facts: readonly ProductFact[];
  /** SHA-256 of the printed metadata that were not as approved; null for another reason. */
  readonly metadata: string | null;
}

/** A package that a builder has uploaded, and that waits beside the build. */
export interface StoredProduct {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
}

/** A file that two builds did not make alike. */
export interface ProductDifference {
  /** The file name of the package. */
  readonly file: string;
  /** The path in it; null for the package as a whole. */
  readonly path: string | null;
}

/** `uploading` from the first package on, until all are published. */
export type BuildState =
  | "waiting"
  | "leased"
  | "uploading"
  | "held"
  | "published"
  | "failed"
  | "cancelled";

/** A build for one architecture: what is kept of it. Times are in milliseconds since the epoch. */
export interface Build extends Omit<BuildRequest, "architectures" | "unusable"> {
  /** Counts from 1 on, and is never used again. */
  readonly number: number;
  readonly architecture: string;
  /** What pkgrel is set to before the build, for a rebuild of the same tree; null to leave it. */
  readonly pkgrel: string | null;
  /** What pkgver is set to with it where pkgver() gives it, so that makepkg keeps the pkgrel. */
  readonly pkgver: string | null;
  /** What the published packages depend on and no repository has any more, for a rebuild. */
  readonly broken: readonly string[];
  /** Whether pkgver() may give another version than the approved one. */
  readonly isVcs: boolean;
  readonly state: BuildState;
  readonly createdAt: number;
  /** It is not leased before. */
  readonly notBefore: number;
  readonly endedAt: number | null;
  readonly attempts: readonly Attempt[];
  /** Attempts before a person said to try again do not count. */
  readonly countsFrom: number;
  /** What the builder does; null while none does. */
  readonly step: BuildStep | null;
  /** Whether the builder has said that it is done, and has uploaded everything. */
  readonly isComplete: boolean;
  readonly products: readonly StoredProduct[];
  /** What was not the same in a second build of the same files, if there was one. */
  readonly differences: readonly ProductDifference[];
  readonly failure: BuildFailure | null;
  readonly hold: Hold | null;
  /** Who let a held build go on, and which printed metadata with it; null if nobody had to. */
  readonly released: (Attribution & { readonly metadata: string | null }) | null;
  /** Who cancelled or refused it, and why; null if nobody did. */
  readonly ended: Attribution | null;
}

/** Whether nothing will happen to it any more unless a person says so. */
export function hasEnded({ state }: Pick<Build, "state">): boolean {
  return state === "published" || state === "failed" || state === "cancelled";
}

/** Whether a builder has it, or it is being published. */
export function isRunning({ state }: Pick<Build, "state">): boolean {
  return state === "leased" || state === "uploading";
}

/** `foo 1.0-1 for x86_64`, for messages. */
export function titleOf(
  { packageBase, version, architecture }: Pick<
    Build,
    "packageBase" | "version" | "architecture"
  >,
): string {
  return `${packageBase} ${version} for ${architecture}`;
}

/** What a build makes: of those with the same target, the latest counts. */
export function targetOf(
  { repository, packageBase, architecture }: Pick<
    Build,
    "repository" | "packageBase" | "architecture"
  >,
): string {
  return `${repository}/${packageBase}/${architecture}`;
}
