import type { AcceptedBuild, Attribution } from "../accepted_build.ts";

/** A request to build; it makes one build for each architecture. `any` is built on any machine. */
export interface BuildRequest extends AcceptedBuild {
  /** Name of the own repository that publishes it. */
  readonly repository: string;
  /** Why it cannot be built for the repository; absent if it can. */
  readonly unusable?: string;
}

/** Why a build failed. Builders report those in the first line. */
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
  /** The builder lacks something, such as a sandbox. */
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

/** One attempt of a builder. Times are in milliseconds since the epoch. */
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

/** A finding that a person should know before packages are published. */
export interface ProductFact {
  readonly kind: ProductFactKind;
  /** The package concerned. */
  readonly packageName: string;
  /** The published or approved value; null for none. */
  readonly before: string | null;
  /** The value of the package; null for none. */
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

/** Why a build is held, or was held until it was refused. */
export interface Hold {
  readonly kind: "product" | "metadata" | "builders" | "patches" | "architectures";
  /** In words. */
  readonly reason: string;
  /** Findings about its packages. */
  readonly facts: readonly ProductFact[];
  /** SHA-256 of the metadata that differ from the approved ones; null for any other reason. */
  readonly metadata: string | null;
}

/** A package that a builder has uploaded and that is not published yet. */
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

/** A file that differs between two builds. */
export interface ProductDifference {
  /** The file name of the package. */
  readonly file: string;
  /** The path inside; null for the package as a whole. */
  readonly path: string | null;
}

/** `uploading` lasts from the first upload until all packages are published. */
export type BuildState =
  | "waiting"
  | "leased"
  | "uploading"
  | "held"
  | "published"
  | "failed"
  | "cancelled";

/** A build for one architecture, as stored. Times are in milliseconds since the epoch. */
export interface Build extends Omit<BuildRequest, "architectures" | "unusable"> {
  /** Counts from 1; never reused. */
  readonly number: number;
  readonly architecture: string;
  /** pkgrel for a rebuild of the same tree; null to leave it unchanged. */
  readonly pkgrel: string | null;
  /** pkgver for a rebuild of a package with pkgver(), so that makepkg keeps the pkgrel. */
  readonly pkgver: string | null;
  /** For a rebuild: dependencies of the published packages that no repository has any more. */
  readonly broken: readonly string[];
  /** Whether pkgver() may return another version than the approved one. */
  readonly isVcs: boolean;
  readonly state: BuildState;
  readonly createdAt: number;
  /** Earliest time of the next lease. */
  readonly notBefore: number;
  readonly endedAt: number | null;
  readonly attempts: readonly Attempt[];
  /** First attempt that counts; a retry by a person resets it. */
  readonly countsFrom: number;
  /** The builder's current step; null without a builder. */
  readonly step: BuildStep | null;
  /** Whether the builder has reported success and uploaded everything. */
  readonly isComplete: boolean;
  readonly products: readonly StoredProduct[];
  /** Differences to a second build of the same files, if there was one. */
  readonly differences: readonly ProductDifference[];
  readonly failure: BuildFailure | null;
  readonly hold: Hold | null;
  /** Who released the held build, and with which metadata; null if nobody did. */
  readonly released: (Attribution & { readonly metadata: string | null }) | null;
  /** Who cancelled or refused it, and why; null if nobody did. */
  readonly ended: Attribution | null;
}

/** Whether nothing more happens without a person. */
export function hasEnded({ state }: Pick<Build, "state">): boolean {
  return state === "published" || state === "failed" || state === "cancelled";
}

/** Whether a builder has it or it is being published. */
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

/** Identifies the target of a build; of several builds with one target, the latest counts. */
export function targetOf(
  { repository, packageBase, architecture }: Pick<
    Build,
    "repository" | "packageBase" | "architecture"
  >,
): string {
  return `${repository}/${packageBase}/${architecture}`;
}
