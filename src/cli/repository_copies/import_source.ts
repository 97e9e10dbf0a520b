import { join } from "@std/path";
import { reasonOf } from "../../errors.ts";
import type { FileBody } from "../../api/endpoint.ts";
import { AdministrationError, EXIT_CODE } from "../errors.ts";
import { visible } from "../terminal_text.ts";

const MAX_REDIRECTS = 5;

/** The location of a repository made by repo-add: a directory or a URL. */
export interface ImportSource {
  /** The location, for messages. */
  readonly place: string;
  /** Whether others on the network can tamper with the files. */
  readonly isExposed: boolean;
  /** Names of the databases found; empty if the source cannot be listed. */
  databases(): Promise<readonly string[]>;
  /**
   * The size of a file in bytes; null if it does not exist; "unknown" if only fetching it would
   * tell.
   */
  sizeOf(fileName: string): Promise<number | null | "unknown">;
  /** Opens a file; null if it does not exist. */
  open(fileName: string): Promise<FileBody | null>;
}

/** The source that an argument names. */
export function importSourceOf(place: string): ImportSource {
  return /^https?:\/\//i.test(place) ? new WebSource(place) : new DirectorySource(place);
}

class DirectorySource implements ImportSource {
  readonly place: string;
  readonly isExposed = false;

  constructor(place: string) {
    this.place = place;
  }

  async databases(): Promise<readonly string[]> {
    try {
      const names = await Array.fromAsync(Deno.readDir(this.place), ({ name }) => name);
      return names.filter((name) => name.endsWith(".db")).map((name) => name.slice(0, -3));
    } catch (error) {
      throw cannotRead(this.place, error);
    }
  }

  async sizeOf(fileName: string): Promise<number | null> {
    try {
      const info = await Deno.stat(join(this.place, fileName));
      return info.isFile ? info.size : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw cannotRead(join(this.place, fileName), error);
    }
  }

  async open(fileName: string): Promise<FileBody | null> {
    const size = await this.sizeOf(fileName);
    if (size === null) return null;
    const path = join(this.place, fileName);
    try {
      return { content: (await Deno.open(path)).readable, size };
    } catch (error) {
      throw cannotRead(path, error);
    }
  }
}

class WebSource implements ImportSource {
  readonly place: string;
  readonly #base: URL;

  constructor(place: string) {
    const base = URL.parse(place.endsWith("/") ? place : `${place}/`);
    if (base === null) throw cannotRead(place, new Error("it is not a URL"));
    this.place = place;
    this.#base = base;
  }

  get isExposed(): boolean {
    return this.#base.protocol === "http:" &&
      !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(this.#base.hostname);
  }

  databases(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  sizeOf(): Promise<"unknown"> {
    return Promise.resolve("unknown");
  }

  async open(fileName: string): Promise<FileBody | null> {
    let url = new URL(encodeURIComponent(fileName), this.#base);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await fetch(url, {
        redirect: "manual",
        // A compressed transfer would not have the file's size.
        headers: { "accept-encoding": "identity" },
      }).catch((error) => {
        throw cannotRead(url.href, error);
      });
      const { status, headers, body } = response;
      if (status === 200 && body !== null && headers.has("content-length")) {
        return { content: body, size: Number(headers.get("content-length")) };
      }
      await body?.cancel();
      if (status === 404 || status === 410) return null;
      if (status < 300 || status > 399) {
        throw cannotRead(
          url.href,
          new Error(status === 200 ? "it has no Content-Length" : `its status is ${status}`),
        );
      }
      url = redirected(url, headers.get("location"));
    }
    throw cannotRead(url.href, new Error("too many redirects"));
  }
}

/** The target of a redirect. Throws if it would leave HTTPS. */
function redirected(from: URL, location: string | null): URL {
  const to = location === null ? null : URL.parse(location, from);
  const isSafe = to?.protocol === "https:" ||
    (to?.protocol === "http:" && from.protocol === "http:");
  if (to !== null && isSafe) return to;
  throw cannotRead(from.href, new Error(`redirected to ${location ?? "nowhere"}`));
}

function cannotRead(what: string, error: unknown): AdministrationError {
  return new AdministrationError(
    EXIT_CODE.failure,
    `Cannot read ${visible(what)}: ${visible(reasonOf(error))}.`,
    { cause: error },
  );
}
