import type { ComponentChildren } from "preact";
import type { FileBody } from "../api/endpoint.ts";
import type { FormFile } from "./form_files.ts";
import type { Role } from "./role.ts";
import type { Visit } from "./visit.ts";

/** A section of the navigation. */
export type Section = "Mirror" | "Packages of your own" | "Administration";

/** A page. Everything that it shows and changes goes through `visit.call`. */
export interface Page {
  /** Below `/admin/`, with parameters such as `packages/{name}`; "" is the overview. */
  readonly path: string;
  /** Two words at most: the title of the window, and its name in the navigation. */
  readonly title: string;
  /** Null for a page that only other pages link to. */
  readonly section: Section | null;
  /** The least role that may see it. */
  readonly role: Role;
  readonly render: (visit: Visit) => Promise<Content>;
  /** A text file that the URL asks for instead of the page; null if it asks for the page. */
  readonly file?: (visit: Visit) => Promise<TextFile | null>;
  /** What the buttons of its forms do, by the value of the button named `action`. */
  readonly actions?: Readonly<Record<string, Action>>;
  /** Takes a file that a script of the page sends by PUT. */
  readonly upload?: (visit: Visit, file: FileBody) => Promise<Done>;
  /** How many items wait for a person; the navigation of every page shows it. */
  readonly waiting?: (visit: Visit) => Promise<number>;
  /** Takes all files of a form that a browser without scripts sends. */
  readonly uploadForm?: (visit: Visit, files: AsyncIterable<FormFile>) => Promise<Done>;
  /** Whether its live regions are kept current. */
  readonly isLive?: boolean;
}

/** A file of text, of any length. */
export interface TextFile {
  readonly name: string;
  readonly content: ReadableStream<Uint8Array>;
}

/** The content of a page. */
export interface Content {
  /** Answers the question of the page in a sentence. */
  readonly heading: string;
  readonly tone?: Tone;
  readonly body: ComponentChildren;
  /** The command lines that do the same. */
  readonly commands: readonly string[];
}

export type Tone = "good" | "warn" | "bad" | "calm";

/** A change that a page makes. */
export interface Action {
  /** Besides the page's. */
  readonly role: Role;
  /** The confirmation to ask for; null for none. */
  readonly confirm?: (visit: Visit, form: Form) => Question | Promise<Question | null> | null;
  readonly run: (visit: Visit, form: Form) => Promise<Done>;
}

/** The fields of a form. */
export interface Form {
  /** The value of a field, or "". */
  text(name: string): string;
  /** All values of a field, as those of check boxes. */
  all(name: string): string[];
  has(name: string): boolean;
  /** All fields, in their order. */
  entries(): [string, string][];
}

/** Asks whether something that cannot be taken back shall be done. */
export interface Question {
  /** "Remove linux 6.17.9?" */
  readonly heading: string;
  readonly body: ComponentChildren;
  /** What the button says: the verb of the heading. */
  readonly button: string;
}

/** The outcome of a change. */
export interface Done {
  /** "linux 6.17.9 is removed." */
  readonly text: string;
  /** "bad" if it was not done, and `to` shows why; good unless given. */
  readonly tone?: "good" | "bad";
  /** The path to go to; the page that the form is on unless given. */
  readonly to?: string;
}
