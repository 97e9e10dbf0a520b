import { assertEquals } from "@std/assert";
import {
  areSameSettings,
  type BuildSettings,
  settingsFaults,
  USUAL_SETTINGS,
} from "../../../src/building/build_settings.ts";

const faultsOf = (changes: Partial<BuildSettings>) =>
  settingsFaults({ ...USUAL_SETTINGS, ...changes });

Deno.test("the usual settings and legitimate changes to them are accepted", () => {
  assertEquals(settingsFaults(USUAL_SETTINGS), []);
  assertEquals(
    faultsOf({
      network: true,
      check: false,
      makepkgConf: 'MAKEFLAGS="-j4"\nOPTIONS+=(!debug)\n# PKGDEST=/x is in a comment\n',
      environment: { GOFLAGS: "-mod=vendor", CARGO_NET_OFFLINE: "true" },
      packages: ["ccache", "gcc13"],
      timeoutMs: 86_400_000,
    }),
    [],
  );
});

Deno.test("settings that are invalid, override the builder's or run code are refused with the reason", () => {
  const wrong: [Partial<BuildSettings>, RegExp][] = [
    [{ makepkgConf: "PKGDEST=/tmp" }, /set PKGDEST/],
    [{ makepkgConf: " export PACKAGER='me'" }, /set PACKAGER/],
    [{ makepkgConf: "a\x1b[2J" }, /control characters/],
    [{ makepkgConf: "x".repeat(20_000) }, /longer/],
    [{ environment: { SOURCE_DATE_EPOCH: "0" } }, /builder sets the variable/],
    [{ environment: { LD_PRELOAD: "/x" } }, /run code/],
    [{ environment: { BASH_ENV: "/x" } }, /run code/],
    [{ environment: { "A B": "x" } }, /not a valid name of a variable/],
    [{ environment: { A: "x\ny" } }, /control characters/],
    [{ packages: ["--overwrite=*"] }, /not a valid package name/],
    [{ timeoutMs: 5 }, /less than a minute/],
    [{ memoryBytes: 5 }, /less than 64 MiB/],
    [{ patches: Array(21).fill("") }, /more than 20/],
  ];
  for (const [changes, fault] of wrong) {
    const faults = faultsOf(changes);
    assertEquals([faults.length, fault.test(faults[0] ?? "")], [1, true], faults.join());
  }
});

Deno.test("settings are equal whatever the order of their parts", () => {
  const one = { ...USUAL_SETTINGS, environment: { A: "1", B: "2" } };
  const reversed = Object.fromEntries(Object.entries(USUAL_SETTINGS).reverse());
  const other = { ...reversed as unknown as BuildSettings, environment: { B: "2", A: "1" } };
  assertEquals(areSameSettings(one, other), true);
  assertEquals(areSameSettings(one, { ...one, check: false }), false);
});
