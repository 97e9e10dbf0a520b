import { join } from "@std/path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { ChildDaemon } from "../../support/child_daemon.ts";
import { FakeMirror } from "../../support/fake_mirror.ts";
import { TempFolder } from "../../support/temp_folder.ts";

export const TOKEN = "token-of-the-browser-tests";

/** A browser, as a page sees it. */
export interface View {
  readonly width: number;
  readonly scheme: "light" | "dark";
}

/** The views in which every page is checked. */
export const VIEWS: readonly View[] = [390, 1280].flatMap((width) => [
  { width, scheme: "light" as const },
  { width, scheme: "dark" as const },
]);

/** A daemon with a mirror, and a browser that looks at it. */
export class Site implements AsyncDisposable {
  readonly daemon: ChildDaemon;
  readonly origin: string;
  readonly mirror: FakeMirror;
  readonly #browser: Browser;
  readonly #folder: TempFolder;
  /** What the consoles of all pages said, including violations of a page's security policy. */
  readonly complaints: string[] = [];
  /** The state of a signed-in browser. */
  #signedIn: Awaited<ReturnType<BrowserContext["storageState"]>> | null = null;

  private constructor(
    parts: {
      daemon: ChildDaemon;
      origin: string;
      mirror: FakeMirror;
      browser: Browser;
      folder: TempFolder;
    },
  ) {
    this.daemon = parts.daemon;
    this.origin = parts.origin;
    this.mirror = parts.mirror;
    this.#browser = parts.browser;
    this.#folder = parts.folder;
  }

  /** `settings` are keys of the configuration. */
  static async start(
    { settings = {}, token = TOKEN, prepare = () => {} }: {
      settings?: Record<string, unknown>;
      /** Null for a daemon that has none. */
      token?: string | null;
      prepare?: (mirror: FakeMirror) => void;
    } = {},
  ): Promise<Site> {
    const folder = await TempFolder.create();
    const mirror = await FakeMirror.start();
    prepare(mirror);
    await ChildDaemon.configure(folder.path, {
      mirror_urls: [mirror.url],
      refresh_interval: "0",
      ...settings,
    });
    const environment = token === null ? {} : { PKGSTASH_TOKEN: token };
    const daemon = ChildDaemon.start(folder.path, null, environment);
    const origin = await daemon.origin();
    const browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox"],
    });
    return new Site({ daemon, origin, mirror, browser, folder });
  }

  /** A page at a path, in a browser context of its own; signed in unless told otherwise. */
  async open(
    path: string,
    { view = { width: 1280, scheme: "light" }, isSignedIn = true, hasScripts = true }: {
      view?: View;
      isSignedIn?: boolean;
      hasScripts?: boolean;
    } = {},
  ): Promise<Page> {
    if (isSignedIn && this.#signedIn === null) await this.#signIn();
    const context = await this.#browser.newContext({
      viewport: { width: view.width, height: 900 },
      colorScheme: view.scheme,
      javaScriptEnabled: hasScripts,
      ...isSignedIn && this.#signedIn !== null ? { storageState: this.#signedIn } : {},
    });
    const page = await context.newPage();
    page.on("console", (message) => this.complaints.push(`${path}: ${message.text()}`));
    page.on("pageerror", (error) => this.complaints.push(`${path}: ${error}`));
    await page.goto(this.origin + path);
    return page;
  }

  /** The next page signs in again. */
  forgetSession(): void {
    this.#signedIn = null;
  }

  /** Fetches a file as a client does, whole. */
  async fetch(path: string): Promise<number> {
    const { status, body } = await fetch(this.origin + path);
    await body?.pipeTo(new WritableStream());
    return status;
  }

  /** What an endpoint of the API answers. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.origin}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...body === undefined ? {} : { body: JSON.stringify(body) },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  async #signIn(): Promise<void> {
    const page = await this.open("/admin/login", { isSignedIn: false });
    await page.getByLabel("Token").fill(TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${this.origin}/admin/`);
    this.#signedIn = await page.context().storageState();
    await page.context().close();
  }

  /** The path of a file of the daemon. */
  pathOf(...parts: string[]): string {
    return join(this.#folder.path, ...parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.daemon[Symbol.asyncDispose]();
    await this.mirror[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}
