import { runCli } from "../../src/cli/cli.ts";
import { FakeTerminal } from "./fake_terminal.ts";
import { TOKEN } from "./administration.ts";
import type { OwnPackage } from "./own_package.ts";
import { TempFolder } from "./temp_folder.ts";
import { TestApp, type TestAppOptions } from "./test_app.ts";

/** A daemon with the command line beside it. */
export interface House {
  readonly app: TestApp;
  readonly folder: TempFolder;
  /** Runs `pkgstash repo ...`. */
  repo(...args: string[]): Promise<{ code: number; terminal: FakeTerminal }>;
  /** Writes packages to files and returns their paths. */
  files(...packages: OwnPackage[]): Promise<string[]>;
}

/** Runs with a daemon that has no own repository yet. */
export async function withHouse(
  run: (house: House) => Promise<void>,
  options: TestAppOptions = {},
): Promise<void> {
  await using folder = await TempFolder.create();
  await using app = await TestApp.start({
    token: TOKEN,
    settings: { refresh_interval: "0", min_free_space: "0" },
    tables: () => `mirrored_repos = ["core"]\n`,
    ...options,
  });
  const tokenFile = folder.join("token");
  await Deno.writeTextFile(tokenFile, TOKEN);
  await run({
    app,
    folder,
    repo: async (...args) => {
      const terminal = new FakeTerminal();
      const connection = ["--url", app.origin, "--token-file", tokenFile];
      const code = await runCli(["repo", ...args, ...connection], terminal);
      return { code, terminal };
    },
    files: async (...packages) => {
      const paths: string[] = [];
      for (const { fileName, bytes } of packages) {
        paths.push(folder.join(fileName));
        await Deno.writeFile(folder.join(fileName), bytes);
      }
      return paths;
    },
  });
}
