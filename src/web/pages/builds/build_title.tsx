import type { ComponentChildren } from "preact";
import type { BuildReport } from "../../../api/builds.ts";
import { Foreign } from "../../elements/foreign_text.tsx";

/** The heading of a build in a list: a link, the version and the architecture. */
export function BuildTitle(
  { build: { number, package_base, version, architecture }, children }: {
    build: Pick<BuildReport, "number" | "package_base" | "version" | "architecture">;
    /** Shown beside it, such as the state. */
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
