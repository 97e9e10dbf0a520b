import type { Mutant } from "../mutant.ts";

/** Large files from several mirrors at once. */
export const STRIPED: readonly Mutant[] = [
  {
    file: "mirroring/downloads/download.ts",
    find: "pace === undefined && (expectation?.sha256 ?? null) !== null,",
    replace: "pace === undefined,",
    breaks: "several mirrors send a file that nothing checks in the end",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: a file whose SHA-256 no database knows comes from one mirror",
    ],
  },
  {
    file: "mirroring/downloads/download.ts",
    find: "pace === undefined && (expectation?.sha256 ?? null) !== null,",
    replace: "(expectation?.sha256 ?? null) !== null,",
    breaks: "prefetching takes several mirrors from clients",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: a file that no client waits for comes from one mirror",
    ],
  },
  {
    file: "mirroring/downloads/download.ts",
    find: "    if (this.#refusal !== null) return position;\n",
    replace: "",
    breaks: "a client with wrong bytes gets the last byte once the right ones are there",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: a range from a lying mirror is replaced, and a client that received it never gets the last byte",
    ],
  },
  {
    file: "mirroring/downloads/download.ts",
    find: "    this.request.onRefused?.(this.released);\n    this.#refusal",
    replace: "    this.#refusal",
    breaks: "a client that holds bytes of a lying mirror gets the rest of the right file",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: a range from a lying mirror is replaced, and a client that received it never gets the last byte",
    ],
  },
  {
    file: "mirroring/downloads/download_check.ts",
    find: "if (origins !== null && origins.mirrors.length > 1)",
    replace: "if (false)",
    breaks: "one lying mirror of several ends a download",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: a range from a lying mirror is replaced, and a client that received it never gets the last byte",
    ],
  },
  {
    file: "mirroring/downloads/filling.ts",
    find: "if (run.only !== null) this.#stripes?.leave(run.only);",
    replace: "",
    breaks: "a mirror that fails is asked for one stripe after another",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: no byte is accepted from a mirror that does not prove that it has the file",
    ],
  },
  {
    file: "mirroring/downloads/filling.ts",
    find: "      part.recordHoles(),\n",
    replace: "",
    breaks: "a part with holes is resumed as if it had none",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: a killed run leaves only right bytes to resume",
    ],
  },
  {
    file: "mirroring/downloads/mixed_file.ts",
    find: "for (const wrong of await mixed.mirrorsUnlike(finalPath)) onWrong(wrong);",
    replace: "",
    breaks: "a mirror that sent wrong bytes of a file is in good standing",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: a mirror is judged by the bytes that it sent among those of others",
    ],
  },
  {
    file: "mirroring/downloads/mixed_file.ts",
    find: "if (isAgreed && doubted !== null) throw error;",
    replace: "",
    breaks: "a file that the database has wrong is fetched from every mirror",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: bytes on which several mirrors agree are not fetched from each of them",
    ],
  },
  {
    file: "mirroring/downloads/stripe.ts",
    find: "if (end === last) return",
    replace: "if (true) return",
    breaks: "a mirror may send another range than it was asked for",
    killedBy: [
      "mirroring/downloads/stripes_test.ts: no byte is accepted from a mirror that does not prove that it has the file",
    ],
  },
  {
    file: "mirroring/downloads/stripes.ts",
    find: "    if (rate >= GAIN * alone.rate) return;\n",
    replace: "    if (rate >= 0) return;\n",
    breaks: "mirrors are used side by side although that brings nothing",
    killedBy: ["mirroring/downloads/stripes_gain_test.ts"],
  },
  {
    file: "mirroring/mirrors/striping.ts",
    find: "(bytesPerSecond ?? best) * MUCH_SLOWER >= best",
    replace: "true",
    breaks: "a mirror that is much slower sends stripes",
    killedBy: [
      "mirroring/mirrors/striping_test.ts: a mirror that is much slower than another sends no stripe",
    ],
  },
];
