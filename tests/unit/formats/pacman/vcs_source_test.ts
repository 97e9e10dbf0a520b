import { assertEquals } from "@std/assert";
import { followedSourceOf } from "../../../../src/formats/pacman/vcs_source.ts";

Deno.test("a source follows a repository unless it names a fixed place in it", () => {
  const cases: Record<string, string | null> = {
    "git+https://example.invalid/foo.git": "git https://example.invalid/foo.git HEAD",
    "foo::git+https://example.invalid/foo": "git https://example.invalid/foo HEAD",
    "git+https://example.invalid/foo#branch=dev": "git https://example.invalid/foo refs/heads/dev",
    "git+https://example.invalid/foo?signed#branch=a/b":
      "git https://example.invalid/foo refs/heads/a/b",
    "git+https://example.invalid/foo#branch=dev?signed":
      "git https://example.invalid/foo refs/heads/dev",
    "git://example.invalid/foo": "git git://example.invalid/foo HEAD",
    "svn+https://example.invalid/foo/trunk": "svn https://example.invalid/foo/trunk HEAD",
    "foo::hg+http://example.invalid/foo": "hg http://example.invalid/foo HEAD",
    "git+https://example.invalid/foo#tag=v1": null,
    "git+https://example.invalid/foo#commit=0123456789": null,
    "svn+https://example.invalid/foo#revision=7": null,
    "https://example.invalid/foo.tar.gz": null,
    "https://example.invalid/git+foo#branch=dev": null,
    "foo.patch": null,
    "git.patch": null,
  };
  for (const [entry, expected] of Object.entries(cases)) {
    const found = followedSourceOf(entry);
    const text = found === null ? null : `${found.tool} ${found.url} ${found.reference}`;
    assertEquals(text, expected, entry);
  }
});
