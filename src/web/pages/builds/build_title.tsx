import type { ComponentChildren } from "preact";
import type { BuildReport } from "../../../api/builds.ts";
import { Foreign } from "../../elements/foreign_text.tsx";

/** The head of an entry about a build: what is built, for which machines, and the way to it. */
export function BuildTitle(
  { build: { number, package_base, version, architecture }, children }: {
    build: Pick<BuildReport, "number" | "package_base" | "version" | "architecture">;
    /** What stands beside it, such as its state. */
    children?: ComponentChildren;
  },
) {
  return (
    <p class="entry-title">
      <a href={`/admin/builds/${number}`}>{package_base}</a>{" "}
      <span class="versions">
        <Foreign text={version} /> for {architecture}
      </span>{" "}
      {children}
    </p>
  );
}
