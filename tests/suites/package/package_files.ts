import { assertEquals } from "@std/assert";
import { runCommand } from "../../support/child_process.ts";

/** The files of the package pkgstash with their modes. */
export const FILES: Record<string, string> = {
  ".BUILDINFO": "-rw-r--r--",
  ".INSTALL": "-rw-r--r--",
  ".MTREE": "-rw-r--r--",
  ".PKGINFO": "-rw-r--r--",
  "etc/pkgstash/pkgstash.env": "-rw-r-----",
  "etc/pkgstash/pkgstash.toml": "-rw-r--r--",
  "usr/bin/pkgstash": "-rwxr-xr-x",
  "usr/lib/systemd/system/pkgstash-refresh.service": "-rw-r--r--",
  "usr/lib/systemd/system/pkgstash-refresh.timer": "-rw-r--r--",
  "usr/lib/systemd/system/pkgstash.service": "-rw-r--r--",
  "usr/lib/sysusers.d/pkgstash.conf": "-rw-r--r--",
  "usr/lib/tmpfiles.d/pkgstash.conf": "-rw-r--r--",
  "usr/share/bash-completion/completions/pkgstash": "-rw-r--r--",
  "usr/share/doc/pkgstash/CHANGELOG.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/README.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/alerts.yml": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/administration.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/architecture.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/aur.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/configuration.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/installation.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/limits.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/own_repositories.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/scaling.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/security.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/web.md": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/images/approval.png": "-rw-r--r--",
  "usr/share/doc/pkgstash/docs/images/overview.png": "-rw-r--r--",
  "usr/share/doc/pkgstash/grafana-dashboard.json": "-rw-r--r--",
  "usr/share/doc/pkgstash/haproxy.cfg": "-rw-r--r--",
  "usr/share/doc/pkgstash/nginx-cluster.conf": "-rw-r--r--",
  "usr/share/doc/pkgstash/nginx-direct.conf": "-rw-r--r--",
  "usr/share/doc/pkgstash/nginx.conf": "-rw-r--r--",
  "usr/share/fish/vendor_completions.d/pkgstash.fish": "-rw-r--r--",
  "usr/share/licenses/pkgstash/LICENSE": "-rw-r--r--",
  "usr/share/man/man1/pkgstash.1.gz": "-rw-r--r--",
  "usr/share/man/man5/pkgstash.toml.5.gz": "-rw-r--r--",
  "usr/share/zsh/site-functions/_pkgstash": "-rw-r--r--",
};

/** Those of pkgstash-builder. */
export const BUILDER_FILES: Record<string, string> = {
  ".BUILDINFO": "-rw-r--r--",
  ".INSTALL": "-rw-r--r--",
  ".MTREE": "-rw-r--r--",
  ".PKGINFO": "-rw-r--r--",
  "etc/pkgstash-builder/pkgstash-builder.toml": "-rw-r--r--",
  "etc/pkgstash-builder/token": "-rw-r-----",
  "usr/bin/pkgstash-builder": "-rwxr-xr-x",
  "usr/lib/systemd/system/pkgstash-builder.service": "-rw-r--r--",
  "usr/lib/sysusers.d/pkgstash-builder.conf": "-rw-r--r--",
  "usr/lib/tmpfiles.d/pkgstash-builder.conf": "-rw-r--r--",
  "usr/share/bash-completion/completions/pkgstash-builder": "-rw-r--r--",
  "usr/share/fish/vendor_completions.d/pkgstash-builder.fish": "-rw-r--r--",
  "usr/share/licenses/pkgstash-builder/LICENSE": "-rw-r--r--",
  "usr/share/man/man1/pkgstash-builder.1.gz": "-rw-r--r--",
  "usr/share/zsh/site-functions/_pkgstash-builder": "-rw-r--r--",
};

/** The files of a package with their modes; all must belong to root. */
export async function modesIn(file: string): Promise<Record<string, string>> {
  const listing = await runCommand(["bsdtar", "--numeric-owner", "-tvf", file]);
  const entries = listing.trim().split("\n").map((line) => line.split(/\s+/));
  for (const [mode, , owner, group, , , , , path] of entries) {
    assertEquals([owner, group], ["0", "0"], path);
    if (path!.endsWith("/")) assertEquals(mode, "drwxr-xr-x", path);
  }
  const files = entries.filter((fields) => !fields[8]!.endsWith("/"));
  return Object.fromEntries(files.map((fields) => [fields[8]!, fields[0]!]));
}
