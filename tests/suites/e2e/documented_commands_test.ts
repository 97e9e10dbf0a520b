// Every pkgstash command of the documents, run in a shell as a reader would, in the order of its section
// and against a daemon of that section's own. Other programs are listed with the reason why not here.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { zstdCompressSync } from "node:zlib";
import { TOKEN } from "../../support/administration.ts";
import { NAMED_BINARY } from "../../support/binary_under_test.ts";
import { finish, runCommand, searchPath, startProgram } from "../../support/child_process.ts";
import { repoAdd } from "../../support/end_to_end/repo_add.ts";
import { SigningKey } from "../../support/end_to_end/signing_key.ts";
import { FakeBuilder } from "../../support/fake_builder.ts";
import { FakeAur } from "../../support/fake_aur.ts";
import { packageFiles } from "../../support/fake_aur/srcinfo_values.ts";
import { madePackage } from "../../support/made_package.ts";
import { PROJECT } from "../../support/project.ts";
import { PublishedRepository } from "../../support/published_repository.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { TestApp } from "../../support/test_app.ts";

const TIMEOUT_MS = 120_000;
const DENO_DIR: string = JSON.parse(await runCommand([Deno.execPath(), "info", "--json"])).denoDir;

/** What a section takes for granted, by document and heading. */
const TAKEN_FOR_GRANTED: Record<string, readonly string[]> = {
  "docs/aur.md: Settings of a package": [
    "pkgstash aur add foo",
    "pkgstash approvals approve ID",
  ],
  "docs/own_repositories.md: Signed elsewhere": ["pkgstash repo create mine --signing external"],
  "docs/own_repositories.md: An existing repository": ["pkgstash repo create mine"],
  "docs/own_repositories.md: A copy for any web server": [
    "pkgstash repo create mine",
    "pkgstash repo add mine foo-1.0-1-x86_64.pkg.tar.zst",
  ],
  "docs/own_repositories.md: Testing and stable": ["pkgstash repo create mine"],
};

/** What stands for something of the reader's. */
const PLACEHOLDERS: Record<string, (stage: Stage) => string | Promise<string>> = {
  "/srv/old-repository": ({ folder }) => folder.join("old-repository"),
  "/srv/http/mine": ({ folder }) => folder.join("export"),
  "https://example.org/repo": ({ site }) => `http://127.0.0.1:${site.addr.port}`,
  " ID": async (stage) => ` ${await stage.approval()}`,
};

/** What a reader or a builder does between the lines. */
const BEFORE: Record<string, (stage: Stage) => Promise<void>> = {
  "pkgstash repo sign mine *.sig": (stage) => stage.signWhatWaits(),
  // It ends with the build.
  "pkgstash builds log -f yay": (stage) => stage.attemptBuild(),
};

/** Programs in the documents that are not run here, and why. */
const ELSEWHERE: Record<string, string> = {
  cd: "goes with makepkg",
  cp: "tests/suites/package/release_test.ts copies the archive of a release",
  curl: "tests/suites/e2e/own_repositories_test.ts and baseline_test.ts request these paths",
  deno: "tests/unit/docs_test.ts: the task exists; the suites run the tasks",
  editor: "a person writes",
  makepkg: "tests/suites/package builds and installs the packages",
  npx: "fetches Deno; tests/unit/docs_test.ts compares it with the gate, which runs it",
  pacman: "tests/suites/e2e runs the real pacman against the daemon",
  "pacman-key": "tests/suites/e2e/signing_keys_test.ts imports the key into real pacman",
  podman: "tests/suites/package/container_test.ts builds and runs the image with buildah",
  setfacl: "tests/suites/cluster runs it in front of nginx",
  tar: "copies the state, and needs nothing of ours",
  systemctl: "tests/suites/boot boots a system with the service",
};

interface Line {
  readonly section: string;
  readonly text: string;
}

/** The lines of the documents' code blocks that begin with a program, without their comments. */
async function commandLines(): Promise<Line[]> {
  const lines: Line[] = [];
  const names = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
  for (const { name } of Deno.readDirSync(`${PROJECT}/docs`)) {
    if (name.endsWith(".md")) names.push(`docs/${name}`);
  }
  for (const name of names) {
    let heading = "";
    for (const line of (await Deno.readTextFile(`${PROJECT}/${name}`)).split("\n")) {
      heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading;
      const text = /^ {4}(?:sudo )?([a-z].*)$/.exec(line)?.[1]?.replace(/ +#.*$/, "")
        .replace(/^npx -y deno@[\d.]+ (?=task pkgstash )/, "deno ");
      // The rest is configuration.
      if (text !== undefined && /^[a-z-]+(?: |$)(?![={])/.test(text)) {
        lines.push({ section: `${name}: ${heading}`, text });
      }
    }
  }
  return lines;
}

const isOurs = ({ text }: Line) => /^(?:deno task )?pkgstash /.test(text);

/** A machine with a daemon that mirrors, builds and publishes, and with the files of the documents. */
class Stage implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly app: TestApp;
  readonly aur: FakeAur;
  readonly site: Deno.HttpServer<Deno.NetAddr>;
  readonly #key: SigningKey;

  private constructor(
    { folder, app, aur, site, key }: {
      folder: TempFolder;
      app: TestApp;
      aur: FakeAur;
      site: Deno.HttpServer<Deno.NetAddr>;
      key: SigningKey;
    },
  ) {
    this.folder = folder;
    this.app = app;
    this.aur = aur;
    this.site = site;
    this.#key = key;
  }

  static async set(): Promise<Stage> {
    const folder = await TempFolder.create("pkgstash-documents-");
    await Deno.mkdir(folder.join("gnupg"), { mode: 0o700 });
    const key = await SigningKey.generate(folder.join("gnupg"));
    const aur = new FakeAur();
    for (const name of ["yay", "foo"]) aur.put(name, { files: packageFiles(name, "1") });
    const app = await TestApp.start({
      token: TOKEN,
      settings: { refresh_interval: "0", min_free_space: "0", answer_timeout: "30s" },
      tables: () => `mirrored_repos = ["core"]\n[aur]\nurl = "${aur.url}"\n`,
    });
    const core = new PublishedRepository(app.mirror).set("glibc", 1);
    await core.publish();
    await app.warm(core.path("core.db"));
    await app.log.waitFor(/snapshot published/);
    const old = folder.join("old-repository");
    const site = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      async (request) => {
        const path = `${old}${decodeURIComponent(new URL(request.url).pathname)}`;
        const file = await Deno.readFile(path).catch(() => null);
        return file === null ? new Response(null, { status: 404 }) : new Response(file);
      },
    );
    const stage = new Stage({ folder, app, aur, site, key });
    await stage.#putFiles(old);
    return stage;
  }

  async #putFiles(old: string): Promise<void> {
    await Deno.mkdir(this.folder.join("work"));
    await Deno.mkdir(old);
    const names = await Promise.all([
      writePackage(this.folder.join("work"), "foo", "1.0-1", "x86_64"),
      writePackage(this.folder.join("work"), "bar", "2.0-1", "any"),
    ]);
    for (const name of names) await Deno.copyFile(this.folder.join("work", name), `${old}/${name}`);
    await repoAdd(old, "mine", names);
    await repoAdd(old, "custom", names);
    for (const name of ["signer.asc", "packager.asc"]) {
      await Deno.writeTextFile(this.folder.join("work", name), await this.#key.armored());
    }
    await Deno.mkdir(this.folder.join("bin"));
    // Our own downloads: in the reader's home, every section would fetch all libraries again.
    const program = NAMED_BINARY ??
      `env DENO_DIR='${DENO_DIR}' ${Deno.execPath()} run --no-check --quiet -P=client ${PROJECT}/main.ts`;
    for (
      const [name, text] of [
        ["pkgstash", `exec ${program} "$@"`],
        ["deno", 'shift 2; exec pkgstash "$@"'],
      ]
    ) {
      await Deno.writeTextFile(this.folder.join("bin", name!), `#!/bin/sh\n${text}\n`);
      await Deno.chmod(this.folder.join("bin", name!), 0o755);
    }
  }

  /** Runs a line as it stands in a document; it must succeed, and complain about nothing. */
  async run(text: string): Promise<string> {
    await BEFORE[text]?.(this);
    let line = text;
    for (const [placeholder, value] of Object.entries(PLACEHOLDERS)) {
      if (!line.includes(placeholder)) continue;
      line = line.replaceAll(placeholder, await value(this));
      used.add(placeholder);
    }
    if (text in BEFORE) used.add(text);
    const child = startProgram(["sh", "-c", line], {
      cwd: this.folder.join("work"),
      env: {
        NO_COLOR: "1",
        HOME: this.folder.path,
        PATH: `${this.folder.join("bin")}:${searchPath()}`,
        PKGSTASH_TOKEN: TOKEN,
        PKGSTASH_URL: this.app.origin,
      },
    });
    const { code, stdout, stderr } = await finish(child, TIMEOUT_MS, () => child.kill("SIGKILL"));
    assertEquals(
      { code, stderr: withoutDeno(stderr) },
      { code: 0, stderr: "" },
      `${line}\n${stdout}`,
    );
    return stdout;
  }

  /** The id of what waits for approval. */
  async approval(): Promise<string> {
    const [, id] = /^([0-9a-f]{16}) /m.exec(await this.run("pkgstash approvals"))!;
    return id!;
  }

  /** Takes the next build as a builder, which fails. */
  async attemptBuild(): Promise<void> {
    const { text } = await this.app.request("POST", "/api/v1/tokens", {
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ name: "builder", purpose: "builder" }),
    });
    const builder = new FakeBuilder(this.app.origin, JSON.parse(text).token);
    const job = await builder.lease();
    assert(job !== null);
    await builder.log(job.id, 0, "==> Making package\n");
    assertEquals((await builder.failed(job.id, "build_error")).status, 200);
  }

  /** Does what `repo sign` prints, as the signer. */
  async signWhatWaits(): Promise<void> {
    const listing = await this.run("pkgstash repo sign mine");
    const commands = listing.split("\n").filter((line) => /^ {2}(?:curl|gpg) /.test(line));
    assert(commands.length > 1);
    const script = commands.join("\n").replaceAll("gpg ", "gpg --batch --quiet ");
    await runCommand(["sh", "-ec", script], {
      cwd: this.folder.join("work"),
      env: { GNUPGHOME: this.#key.home },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site.shutdown();
    await this.app[Symbol.asyncDispose]();
    await this.aur[Symbol.asyncDispose]();
    await this.#key[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** Entries of the tables above that a document needed. */
const used = new Set<string>();

/** The warnings of `deno run`, which the binary does not print. */
function withoutDeno(stderr: string): string {
  return stderr.replaceAll(/^Warning Permissions in the config file .*\n/gm, "");
}

async function writePackage(
  folder: string,
  name: string,
  version: string,
  architecture: string,
): Promise<string> {
  const info = `pkgname = ${name}\npkgbase = ${name}\npkgver = ${version}\npkgdesc = ${name}\n` +
    `builddate = 1700000000\npackager = Tests <nobody@example.invalid>\nsize = 1\n` +
    `arch = ${architecture}\n`;
  const tar = await madePackage([
    [".PKGINFO", info],
    ["usr/", ""],
    ["usr/share/", ""],
    [`usr/share/${name}`, version],
  ]);
  const fileName = `${name}-${version}-${architecture}.pkg.tar.zst`;
  await Deno.writeFile(`${folder}/${fileName}`, zstdCompressSync(tar));
  return fileName;
}

const lines = await commandLines();
const sections = Map.groupBy(lines.filter(isOurs), ({ section }) => section);

for (const [section, commands] of sections) {
  Deno.test(`the commands of ${section} do what they should`, async () => {
    await using stage = await Stage.set();
    for (const each of TAKEN_FOR_GRANTED[section] ?? []) await stage.run(each);
    for (const { text } of commands) await stage.run(text);
  });
}

Deno.test("every placeholder and exemption is used by a document", () => {
  assertEquals(Object.keys(TAKEN_FOR_GRANTED).filter((section) => !sections.has(section)), []);
  const tables = [...Object.keys(PLACEHOLDERS), ...Object.keys(BEFORE)];
  assertEquals(tables.filter((entry) => !used.has(entry)), []);
});

Deno.test("every other program in the documents is run by another suite, or listed with a reason why not", () => {
  const programs = new Set(
    lines.filter((line) => !isOurs(line)).map(({ text }) => text.split(" ")[0]!)
      .filter((program) => isProgram(program)),
  );
  assertEquals([...programs].filter((program) => !(program in ELSEWHERE)), []);
  assertEquals(Object.keys(ELSEWHERE).filter((program) => !programs.has(program)), []);
  for (const reason of Object.values(ELSEWHERE)) {
    for (const [path] of reason.matchAll(/tests\/[\w/.]+\w/g)) {
      assertMatch(Deno.statSync(`${PROJECT}/${path}`).isFile ? "" : path, /^$|suites/);
    }
  }
});

/** Whether a word is a program somewhere, or here in the table. */
function isProgram(word: string): boolean {
  if (word in ELSEWHERE) return true;
  return searchPath().split(":").some((folder) => {
    try {
      return Deno.statSync(`${folder}/${word}`).isFile;
    } catch {
      return false;
    }
  });
}
