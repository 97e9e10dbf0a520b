import type { BuildReport } from "../../../api/builds.ts";
import type { Tone } from "../../page.ts";

/** What states are called, and how they look. */
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

/** What classes of failures mean, and what helps. */
const FAILURES: Readonly<Record<Failure["class"], { text: string; help: string }>> = {
  source_gone: {
    text: "A source is gone",
    help: "Look whether the package has a newer version; retry when its source is back.",
  },
  network: { text: "The network failed", help: "It is tried again by itself, then by you." },
  checksum: {
    text: "A source is not the one that its checksum names",
    help: "Do not build it: the source was changed, or the PKGBUILD is wrong.",
  },
  signature: {
    text: "The signature of a source is not valid",
    help: "Trust its key if you know it, and retry.",
  },
  dependency_missing: {
    text: "A dependency is missing",
    help: "Add it with pkgstash aur add, or wait for the repositories.",
  },
  build_error: {
    text: "It does not build",
    help: "Look at the log; others may have told the AUR.",
  },
  test_failure: {
    text: "Its tests fail",
    help: "Retry, or turn off check() with pkgstash aur settings.",
  },
  timeout: { text: "It took too long", help: "Raise its time with pkgstash aur settings." },
  resources: {
    text: "Memory, disk or processes did not suffice",
    help: "Raise its limits with pkgstash aur settings.",
  },
  builder_unfit: { text: "The builder cannot build it", help: "Look at the builder's log." },
  lost_builder: { text: "Its builder went silent", help: "Look whether the builder runs." },
  metadata_mismatch: {
    text: "Its metadata are not what was approved",
    help: "Look at what differs before you retry.",
  },
  product_refused: { text: "What it made was refused", help: "Nothing of it was published." },
  publication: { text: "It could not be published", help: "Free what it says, and retry." },
  source_missing: { text: "Its approved files are gone", help: "Approve the package again." },
};

export function failureText({ class: kind }: Failure): string {
  return FAILURES[kind].text;
}

export function helpFor({ class: kind }: Failure): string {
  return FAILURES[kind].help;
}

/** What steps are called. */
export const STEPS: Readonly<Record<NonNullable<BuildReport["step"]>, string>> = {
  preparing: "Prepare the root",
  fetching: "Fetch sources",
  metadata: "Check the metadata",
  building: "Build",
  checking: "Check the packages",
  uploading: "Upload",
};
