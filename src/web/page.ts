import type { ComponentChildren } from "preact";
import type { FileBody } from "../api/endpoint.ts";
import type { FormFile } from "./form_files.ts";
import type { Role } from "./role.ts";
import type { Visit } from "./visit.ts";

/** A section of the navigation. */
export type Section = "Mirror" | "Packages of your own" | "Administration";

/** A page of the web admin. It reads and changes everything through `visit.call`. */
export interface Page {
  /** Below `/admin/`, with parameters such as `packages/{name}`; "" is the overview. */
  readonly path: string;
  /** Two words at most, for the window title and the navigation. */
  readonly title: string;
  /** Null for a page that only other pages link to. */
  readonly section: Section | null;
  /** The lowest role that may see it. */
  readonly role: Role;
  readonly render: (visit: Visit) => Promise<Content>;
  /** The text file that the URL asks for; null if it asks for the page itself. */
  readonly file?: (visit: Visit) => Promise<TextFile | null>;
  /** Actions of its forms, by the value of the submit button named `action`. */
  readonly actions?: Readonly<Record<string, Action>>;
  /** Receives one file, which the page's script sends with PUT. */
  readonly upload?: (visit: Visit, file: FileBody) => Promise<Done>;
  /** How many items wait for a person, shown in the navigation. */
  readonly waiting?: (visit: Visit) => Promise<number>;
  /** Receives all files of a form from a browser without scripts. */
  readonly uploadForm?: (visit: Visit, files: AsyncIterable<FormFile>) => Promise<Done>;
  /** Whether its live regions are updated while it is open. */
  readonly isLive?: boolean;
}

/** A text file of any length. */
export interface TextFile {
  readonly name: string;
  readonly content: ReadableStream<Uint8Array>;
}

export interface Content {
  /** Answers the page's question in one sentence. */
  readonly heading: string;
  readonly tone?: Tone;
  readonly body: ComponentChildren;
  /** Equivalent command lines. */
  readonly commands: readonly string[];
}

export type Tone = "good" | "warn" | "bad" | "calm";

/** A change that a page makes. */
export interface Action {
  /** Required in addition to the page's role. */
  readonly role: Role;
  /** The confirmation to show first; null for none. */
  readonly confirm?: (visit: Visit, form: Form) => Question | Promise<Question | null> | null;
  readonly run: (visit: Visit, form: Form) => Promise<Done>;
}

/** The fields of a form. */
export interface Form {
  /** The value of a field, or "". */
  text(name: string): string;
  /** All values of a field, such as check boxes of one name. */
  all(name: string): string[];
  has(name: string): boolean;
  /** All fields, in document order. */
  entries(): [string, string][];
}

/** Asks for confirmation of a change that cannot be undone. */
export interface Question {
  /** "Remove linux 6.17.9?" */
  readonly heading: string;
  readonly body: ComponentChildren;
  /** The button's text: the verb of the heading. */
  readonly button: string;
}

/** The outcome of a change. */
export interface Done {
  /** "linux 6.17.9 is removed." */
  readonly text: string;
  /** "bad" if it failed; `to` then shows why. Default: "good". */
  readonly tone?: "good" | "bad";
  /** The path to redirect to. Default: the page of the form. */
  readonly to?: string;
}
