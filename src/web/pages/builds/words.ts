import type { BuildReport } from "../../../api/builds.ts";
import type { Tone } from "../../page.ts";

/** The label and tone of each state. */
export const STATES: Readonly<Record<BuildReport["state"], { word: string; tone: Tone }>> = {
  waiting: { word: "waiting", tone: "calm" },
  leased: { word: "building", tone: "calm" },
  uploading: { word: "being published", tone: "calm" },
  held: { word: "held", tone: "warn" },
  published: { word: "published", tone: "good" },
  failed: { word: "failed", tone: "bad" },
  cancelled: { word: "cancelled", tone: "calm" },
};

type Failure = NonNullable<BuildReport["failure"]>;

/** What each class of failure means, and what helps. */
const FAILURES: Readonly<Record<Failure["class"], { text: string; help: string }>> = {
  source_gone: {
    text: "A source is gone",
    help: "Check for a newer version of the package, or retry when the source is back.",
  },
  network: {
    text: "The network failed",
    help: "It is retried automatically. If that fails, retry it yourself.",
  },
  checksum: {
    text: "A source does not match its checksum",
    help: "Do not build it: either the source was changed, or the PKGBUILD is wrong.",
  },
  signature: {
    text: "The signature of a source is not valid",
    help: "If you trust the key, add it and retry.",
  },
  dependency_missing: {
    text: "A dependency is missing",
    help: "Add it with pkgstash aur add, or wait for the repositories.",
  },
  build_error: {
    text: "It does not build",
    help: "Read the log. The package's page in the AUR may have comments about it.",
  },
  test_failure: {
    text: "Its tests fail",
    help: "Retry, or turn off check() with pkgstash aur settings.",
  },
  timeout: { text: "It took too long", help: "Raise its timeout with pkgstash aur settings." },
  resources: {
    text: "It ran out of memory, disk space or processes",
    help: "Raise its limits with pkgstash aur settings.",
  },
  builder_unfit: { text: "The builder cannot build it", help: "See the builder's log." },
  lost_builder: {
    text: "The builder stopped responding",
    help: "Check that the builder is running.",
  },
  metadata_mismatch: {
    text: "Its metadata differ from what was approved",
    help: "Check the differences before you retry.",
  },
  product_refused: { text: "Its packages were refused", help: "None of them was published." },
  publication: { text: "It could not be published", help: "Fix the cause and retry." },
  source_missing: { text: "The approved files are missing", help: "Approve the package again." },
};

export function failureText({ class: kind }: Failure): string {
  return FAILURES[kind].text;
}

export function helpFor({ class: kind }: Failure): string {
  return FAILURES[kind].help;
}

/** The label of each step. */
export const STEPS: Readonly<Record<NonNullable<BuildReport["step"]>, string>> = {
  preparing: "Prepare the root",
  fetching: "Fetch sources",
  metadata: "Check the metadata",
  building: "Build",
  checking: "Check the packages",
  uploading: "Upload",
};
