import { type ExtraFileList, LIST_EXTRA_FILES } from "../../api/extra_files.ts";
import { JSON_OPTION, printAnswer } from "../answer_output.ts";
import { ApiClient, CONNECTION_OPTIONS } from "../api_client.ts";
import type { Command } from "../command.ts";
import { EXIT_CODE } from "../errors.ts";
import { agoText, bytesText, countText } from "../quantity.ts";
import { renderTable } from "../table.ts";
import type { Paints } from "../terminal_text.ts";

export const EXTRA_FILES_COMMAND: Command = {
  name: "extra-files",
  summary: "List cached files of extra_paths",
  description: "Lists the cached files outside the repositories, as allowed by extra_paths, " +
    "with their size and when a client last requested them.",
  options: [JSON_OPTION, ...CONNECTION_OPTIONS],
  examples: [{ command: "pkgstash extra-files", description: "All of them" }],
  run: async (options, output) => {
    const files = await ApiClient.of(options).call(LIST_EXTRA_FILES);
    printAnswer(files, { options, output, render: renderFiles });
    return EXIT_CODE.ok;
  },
};

function renderFiles({ files, bytes }: ExtraFileList, paints: Paints): string {
  if (files.length === 0) return "No files of extra_paths are cached.";
  const table = renderTable(
    [
      { title: "FILE", text: ({ path }) => path },
      { title: "SIZE", text: ({ bytes }) => bytesText(bytes), align: "right" },
      { title: "USED", text: ({ used_at }) => agoText(used_at, Date.now()) },
    ],
    files,
    paints.title,
  );
  return `${table}\n\n${countText(files.length, "file")}, ${bytesText(bytes)}.`;
}
