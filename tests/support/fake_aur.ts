import { createHash } from "node:crypto";
import { packTar } from "modern-tar";
import { ReceivedRequests } from "./fake_aur/received_requests.ts";
import { relationsOf, type SrcinfoValues, valuesOf } from "./fake_aur/srcinfo_values.ts";

/** A file of a package base: its text, or its text with a mode as git writes it; or a submodule. */
export type AurFile =
  | string
  | { readonly text: string; readonly mode: "100755" | "120000" | "160000" };

/** What the AUR knows of a package base beside its files. Times are in seconds since the epoch. */
export interface AurBase {
  files: Record<string, AurFile>;
  maintainer: string | null;
  coMaintainers: string[];
  submitter: string | null;
  firstSubmitted: number;
  lastModified: number;
  outOfDate: number | null;
  votes: number;
  popularity: number;
}

/** What goes wrong with the next request. */
export type AurFault =
  | "rate limit"
  | "error"
  | "unavailable"
  | "garbage"
  | "half an answer"
  | "wrong count";

const RATE_LIMIT = JSON.stringify({
  version: 5,
  results: [],
  resultcount: 0,
  type: "error",
  error: "Rate limit reached",
});

/**
 * The AUR in memory, on 127.0.0.1: RPC version 5 and snapshots, as aurweb answers. What it says of a
 * package comes from the `.SRCINFO`, as there.
 */
export class FakeAur implements AsyncDisposable {
  readonly requests = new ReceivedRequests();
  /** Requests from which on it answers 429. */
  limit = Infinity;
  retryAfter: string | null = null;
  /** How many of the next snapshots fail. */
  failSnapshots = 0;
  /** Answers without a body, since the one that asked had it. */
  notModified = 0;
  readonly #bases = new Map<string, AurBase>();
  /** What it says of a package base. It stays when files without a `.SRCINFO` are pushed. */
  readonly #srcinfos = new Map<string, string>();
  readonly #faults: AurFault[] = [];
  readonly #archives = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#respond(request),
    );
  }

  /** Without a slash at the end, as the configuration has it. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Makes or replaces a package base. */
  put(name: string, base: Partial<AurBase> & Pick<AurBase, "files">): void {
    this.#bases.set(name, {
      maintainer: "keeper",
      coMaintainers: [],
      submitter: "keeper",
      firstSubmitted: 1_500_000_000,
      lastModified: 1_600_000_000,
      outOfDate: null,
      votes: 3,
      popularity: 0.5,
      ...this.#bases.get(name),
      ...base,
    });
    const srcinfo = base.files[".SRCINFO"];
    if (typeof srcinfo === "string") this.#srcinfos.set(name, srcinfo);
  }

  /** Pushes files, which clears the flag, as there. `at` is in seconds since the epoch. */
  push(name: string, files: Record<string, AurFile>, at: number): void {
    this.put(name, { files, lastModified: at, outOfDate: null });
  }

  /** Changes what is known beside the files, without a push. */
  edit(name: string, change: Partial<Omit<AurBase, "files">>): void {
    Object.assign(this.#baseOf(name), change);
  }

  remove(name: string): void {
    this.#bases.delete(name);
  }

  /** Sends these bytes as the next snapshots of a package base. */
  forge(name: string, archive: Uint8Array<ArrayBuffer>): void {
    this.#archives.set(name, archive);
  }

  fail(...faults: AurFault[]): void {
    this.#faults.push(...faults);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #baseOf(name: string): AurBase {
    const base = this.#bases.get(name);
    if (base === undefined) throw new Error(`The fake AUR has no ${name}`);
    return base;
  }

  async #respond(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const names = url.pathname.startsWith("/rpc/v5/info") ? await namesIn(request, url) : [];
    this.requests.add({ method: request.method, path: url.pathname, names });
    const fault = this.#faults.shift();
    if (fault === "rate limit" || this.requests.count() > this.limit) {
      const headers = new Headers({ "content-type": "application/json" });
      if (this.retryAfter !== null) headers.set("retry-after", this.retryAfter);
      return new Response(RATE_LIMIT, { status: 429, headers });
    }
    if (fault !== undefined) return faulty(fault);
    if (url.pathname.startsWith("/rpc/v5/info")) return this.#info(request, names);
    if (url.pathname.startsWith("/rpc/v5/search/")) return this.#search(url);
    const base = /^\/cgit\/aur\.git\/snapshot\/([^/]+)\.tar\.gz$/.exec(url.pathname)?.[1];
    return base === undefined ? notFound() : await this.#snapshot(decodeURIComponent(base));
  }

  #info(request: Request, names: readonly string[]): Response {
    if (names.length === 0) {
      return json({
        version: 5,
        type: "error",
        resultcount: 0,
        results: [],
        error: "No request type/data specified.",
      });
    }
    // The order is that of the AUR's own tables.
    const results = this.#packages().filter(({ Name }) => names.includes(Name)).toReversed();
    const answer = { version: 5, type: "multiinfo", resultcount: results.length, results };
    const tag = `"${createHash("md5").update(JSON.stringify(answer)).digest("hex")}"`;
    if (request.headers.get("if-none-match") !== tag) return json(answer, { etag: tag });
    this.notModified++;
    return new Response(null, { status: 304, headers: { etag: tag } });
  }

  #search(url: URL): Response {
    const text = decodeURIComponent(url.pathname.slice("/rpc/v5/search/".length));
    if (url.searchParams.get("by") !== "provides") return json({ version: 5, type: "error" });
    const results = this.#packages()
      .filter((each) =>
        each.Name === text ||
        each.Provides?.some((one) => one.replace(/[<>=].*/, "") === text)
      )
      .map(({ Name, PackageBase, Version }) => ({ Name, PackageBase, Version }));
    return json({ version: 5, type: "search", resultcount: results.length, results });
  }

  #packages() {
    return [...this.#bases].flatMap(([base, known]) =>
      valuesOf(this.#srcinfos.get(base) ?? "").map((values) => infoOf(base, known, values))
    );
  }

  async #snapshot(name: string): Promise<Response> {
    if (this.failSnapshots-- > 0) return new Response("<html>503</html>", { status: 503 });
    const forged = this.#archives.get(name);
    if (forged !== undefined) return new Response(forged);
    const base = this.#bases.get(name);
    if (base === undefined) return notFound();
    return new Response(await snapshotOf(name, base.files), {
      headers: { "content-type": "application/x-gzip" },
    });
  }
}

/** The archive that cgit makes of a package base. */
export async function snapshotOf(
  name: string,
  files: Readonly<Record<string, AurFile>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const tar = await packTar([
    { header: { name: `${name}/`, type: "directory", size: 0, mode: 0o775 } },
    ...Object.entries(files).map(([path, file]) => {
      const { text, mode } = typeof file === "string" ? { text: file, mode: "100644" } : file;
      if (mode === "160000") {
        return { header: { name: `${name}/${path}/`, type: "directory" as const, size: 0 } };
      }
      return mode === "120000"
        ? {
          header: { name: `${name}/${path}`, type: "symlink" as const, size: 0, linkname: text },
        }
        : {
          header: {
            name: `${name}/${path}`,
            size: new TextEncoder().encode(text).length,
            mode: mode === "100755" ? 0o775 : 0o664,
          },
          body: text,
        };
    }),
  ]);
  return await gzipped(tar);
}

/** As gzip writes it. */
export async function gzipped(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function infoOf(base: string, known: AurBase, values: SrcinfoValues) {
  return {
    ID: 1,
    Name: values.name,
    PackageBaseID: 1,
    PackageBase: base,
    Version: values.version,
    Description: values.description,
    URL: null,
    URLPath: `/cgit/aur.git/snapshot/${base}.tar.gz`,
    NumVotes: known.votes,
    Popularity: known.popularity,
    OutOfDate: known.outOfDate,
    Maintainer: known.maintainer,
    Submitter: known.submitter,
    FirstSubmitted: known.firstSubmitted,
    LastModified: known.lastModified,
    ...(known.coMaintainers.length === 0 ? {} : { CoMaintainers: known.coMaintainers }),
    ...relationsOf(values) as { Provides?: readonly string[] },
    License: [],
    Keywords: [],
    PendingRequests: 0,
  };
}

/**
 * Of a query only the unbroken run of `arg[]=` at its end counts, or a last `arg=` alone; of a form,
 * every `arg[]`.
 */
async function namesIn(request: Request, url: URL): Promise<string[]> {
  if (request.method === "POST") {
    return new URLSearchParams(await request.text()).getAll("arg[]");
  }
  const path = url.pathname.slice("/rpc/v5/info".length).replace(/^\//, "");
  if (path !== "") return [decodeURIComponent(path)];
  const names: string[] = [];
  for (const part of url.search.slice(1).split("&").reverse()) {
    const [key = "", value = ""] = part.split("=").map(decodeURIComponent);
    if (key === "arg" && names.length === 0) return [value];
    if (key !== "arg[]") break;
    names.unshift(value);
  }
  return names;
}

function faulty(fault: Exclude<AurFault, "rate limit">): Response {
  switch (fault) {
    case "error":
      return json({ version: 5, type: "error", resultcount: 0, results: [], error: "Busy." });
    case "unavailable":
      return new Response("<html>502</html>", { status: 502 });
    case "garbage":
      return new Response("<html>the AUR is being maintained</html>");
    case "half an answer":
      return new Response('{"version":5,"type":"multiinfo","resultcount":1,"results":[{"Na');
    case "wrong count":
      return json({ version: 5, type: "multiinfo", resultcount: 7, results: [] });
  }
}

function notFound(): Response {
  return new Response("<html>404</html>", { status: 404 });
}

function json(value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    headers: { "content-type": "application/json", ...headers },
  });
}
