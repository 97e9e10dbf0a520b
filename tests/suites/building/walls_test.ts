// What a hostile build cannot do. Each wall is tried together with a control: the same attempt where
// there is no wall, which shows that the test would notice a hole.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { BUILDER_MARK } from "../../support/building/child_builder.ts";
import { buildingTest, packageSource } from "../../support/building/build_bed.ts";
import type { BuildBed } from "../../support/building/build_bed.ts";
import type { FakeJob, JobDraft } from "../../support/building/fake_queue.ts";
import { until } from "../../support/until.ts";

const PACKAGE = 'package() { install -d "$pkgdir/usr/share/$pkgname"; }';

let count = 0;

/** Builds a package whose build() is hostile; returns the job with its result. */
async function attack(
  { queue }: BuildBed,
  build: string,
  draft: Partial<JobDraft> = {},
): Promise<{ job: FakeJob; log: string; outcome: string; failure: string | null }> {
  const source = packageSource(`hostile-${++count}`, {
    // makepkg ends a function at its first failure otherwise.
    body: `build() {\nset +e\ntrap - ERR\n${build}\n}\n${PACKAGE}`,
  });
  const job = queue.add({ ...source, ...draft });
  const result = await queue.resultOf(job);
  const failure = result.outcome === "failed" ? result.failure : null;
  return { job, log: queue.logOf(job), outcome: result.outcome, failure };
}

/** Processes of the machine whose command line has this text. */
function processesWith(text: string): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => {
    try {
      return /^\d+$/.test(name) && Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(text);
    } catch {
      return false;
    }
  });
}

buildingTest("a hostile build gains nothing", async (bed, t) => {
  const builder = await bed.builder();

  await t.step("it reaches the network only with the setting", async () => {
    let connections = 0;
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepting = (async () => {
      for await (const connection of listener) (connections++, connection.close());
    })();
    const { port } = listener.addr;
    const build = `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null && echo reached || echo walled
      ls /sys/class/net 2>/dev/null; true`;
    const walled = await attack(bed, build);
    assertMatch(walled.log, /^walled$/m);
    assertEquals(connections, 0);
    const control = await attack(bed, build, { settings: { network: true } });
    assertMatch(control.log, /^reached$/m);
    assertEquals(connections, 1);
    listener.close();
    await accepting;
  });

  await t.step("it writes nowhere but in its own places", async () => {
    const places = [
      "/",
      "/usr",
      "/usr/bin",
      "/etc",
      "/var",
      "/dev",
      "/proc",
      "/etc/passwd",
      "/home",
    ];
    const own = ["/build", "/tmp", "/startdir", "/srcdest", "/pkgdest", "/dev/shm"];
    const { log, job } = await attack(
      bed,
      `for place in ${[...places, ...own].join(" ")}; do
        file=$place
        if [ -d "$place" ]; then file=$place/evil; fi
        if (echo evil >>"$file") 2>/dev/null; then echo "wrote $place"; fi
      done
      rm -f /pkgdest/evil`,
    );
    const written = [...log.matchAll(/^wrote (\S+)$/gm)].map(([, place]) => place);
    assertEquals(written, own);
    // What it wrote beside its sources is gone in the next build.
    const { files, package_base } = { ...job, package_base: job.job.package_base };
    const again = bed.queue.add({
      package_base,
      files: {
        ...files,
        PKGBUILD: files["PKGBUILD"]!.replace(
          /build\(\) \{[^]*?\n\}/,
          "build() { ls /srcdest /startdir; }",
        ),
      },
    });
    await bed.queue.resultOf(again);
    assert(!bed.queue.logOf(again).includes("evil"));
  });

  await t.step("it sees no file of the machine beyond programs", async () => {
    const secret = join(await bed.bed.newFolder("secret"), "file");
    await Deno.writeTextFile(secret, "the secret of this machine");
    const paths = [secret, "/etc/hostname", "/etc/shadow", "/root", bed.keyring, builder.folder];
    const { log } = await attack(
      bed,
      `for path in ${paths.join(" ")}; do [ -e "$path" ] && echo "sees $path"; done
      cat /etc/passwd; find / -xdev -name file -exec cat {} + 2>/dev/null; true`,
    );
    assertEquals([...log.matchAll(/^sees (\S+)$/gm)].map(([, path]) => path), []);
    assert(!log.includes("the secret of this machine"));
    assertMatch(log, /^build:x:1000:1000:build:\/build:\/usr\/bin\/bash$/m);
    for (const path of paths.filter((path) => path !== "/etc/shadow")) await Deno.stat(path);
  });

  await t.step("it sees no process, environment or token of the machine", async () => {
    const { log } = await attack(
      bed,
      `[ -e /proc/${builder.pid}/cmdline ] && [ ${builder.pid} -gt 100 ] && echo "sees the builder"
      kill -9 ${builder.pid} 2>/dev/null
      echo "processes: $(ls /proc | grep -c '^[0-9]')"
      cat /proc/*/cmdline /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; env; true`,
    );
    assert(!log.includes("sees the builder"));
    assert(!log.includes(bed.queue.token), "the token");
    assert(!log.includes(BUILDER_MARK), "a variable of the builder");
    assertMatch(log, /^SRCDEST=\/srcdest$/m);
    assert(Number(/^processes: (\d+)$/m.exec(log)?.[1]) < 20);
    const environment = await Deno.readTextFile(`/proc/${builder.pid}/environ`);
    assert(environment.includes(BUILDER_MARK), "where there is no wall, it is read");
  });

  await t.step("it has no capability, and cannot make a namespace to get one", async () => {
    const { log } = await attack(
      bed,
      `grep -E '^Cap(Eff|Prm|Bnd)|^NoNewPrivs' /proc/self/status
      unshare --user true 2>/dev/null && echo "has a namespace"
      mount -t tmpfs x /tmp 2>/dev/null && echo "mounts"; true`,
    );
    assertEquals([...log.matchAll(/^Cap\w+:\s+(\w+)$/gm)].map(([, set]) => Number(set)), [0, 0, 0]);
    assertMatch(log, /^NoNewPrivs:\s+1$/m);
    assert(!log.includes("has a namespace") && !log.includes("mounts"));
    // Where there is no wall, this user makes namespaces: the builder just did.
  });

  await t.step("setuid files in its root give it no rights", async () => {
    const { log } = await attack(
      bed,
      `stat -c '%a %u %n' /usr/share/made-base/elevated
      echo "effective $(/usr/share/made-base/elevated -u)"
      cp /usr/bin/id /build/own; chmod 6755 /build/own; echo "own $(/build/own -u)"; rm /build/own`,
    );
    // It is there, setuid, and belongs to root.
    assertMatch(log, /^6755 \d+ \/usr\/share\/made-base\/elevated$/m);
    assertMatch(log, /^effective 1000$/m);
    assertMatch(log, /^own 1000$/m);
  });

  await t.step("it has and can make none but harmless devices", async () => {
    const { log } = await attack(
      bed,
      `for device in /dev/*; do echo "has \${device##*/}"; done
      mknod /build/disk b 8 0 2>/dev/null && echo "made a disk"
      mknod /build/null c 1 3 2>/dev/null && echo "made a device"
      (echo x >/dev/tty) 2>/dev/null && echo "types into a terminal"; true`,
    );
    const devices = [...log.matchAll(/^has (\S+)$/gm)].map(([, name]) => name);
    const harmless = ["core", "fd", "full", "null", "ptmx", "pts", "random", "shm"];
    assertEquals(devices, [...harmless, "stderr", "stdin", "stdout", "tty", "urandom", "zero"]);
    assert(!/^made a|^types/m.test(log), log);
    // Where there is no wall, there are more.
    await Deno.stat("/dev/kmsg").catch(() => Deno.stat("/dev/console"));
  });

  await t.step("it cannot change the kernel through /proc", async () => {
    const files = [
      ...["sysrq-trigger", "sys/kernel/core_pattern", "sys/kernel/hostname", "sys/vm/drop_caches"],
      "sys/user/max_user_namespaces",
    ];
    const { log } = await attack(
      bed,
      `for file in ${files.join(" ")}; do
        [ -e /proc/$file ] && echo "sees $file"
        (echo 0 >/proc/$file) 2>/dev/null && echo "changes $file"
      done
      head -c 1 /proc/kcore 2>/dev/null | grep -q . && echo "reads memory"
      dmesg 2>/dev/null | grep -q . && echo "reads the kernel's log"; true`,
    );
    assertMatch(log, /^sees sys\/kernel\/hostname$/m);
    assert(!/^changes|^reads/m.test(log), log);
  });

  await t.step("it can trace only its own processes", async () => {
    // ptrace(PTRACE_ATTACH) on x86_64, without a debugger.
    const attach = (pid: string | number) =>
      `perl -e 'exit(syscall(101, 16, $ARGV[0] + 0, 0, 0) == 0 ? 0 : 1)' ${pid}`;
    const { log } = await attack(
      bed,
      `sleep 100 & ${attach("$!")} && echo "traces its own"
      kill -9 $!
      [ ${builder.pid} -gt 1000 ] && ${attach(builder.pid)} && echo "traces the builder"; true`,
    );
    assertMatch(log, /^traces its own$/m);
    assert(!log.includes("traces the builder"));
  });

  await t.step("each of its processes gets no more memory than allowed", async () => {
    const build = `perl -e '$x = "x" x 400000000; print "has it\\n"' 2>/dev/null || echo refused`;
    const control = await attack(bed, build);
    assertMatch(control.log, /^has it$/m);
    const walled = await attack(bed, build, { limits: { memory_bytes: 200_000_000 } });
    assertMatch(walled.log, /^refused$/m);
  });

  await t.step("it starts no more processes than allowed", async () => {
    const build = `started=0
      for i in {1..120}; do sleep 60 2>/dev/null & [ -d /proc/$! ] && started=$((started + 1)); done
      echo "started $started"`;
    const control = await attack(bed, build, { limits: { processes: 1000 } });
    assertMatch(control.log, /^started 120$/m);
    const walled = await attack(bed, build, { limits: { processes: 60 } });
    const started = Number(/^started (\d+)$/m.exec(walled.log)?.[1] ?? 0);
    assert(started < 60, `it started ${started}`);
    const bomb = await attack(bed, "bomb() { bomb | bomb & }; bomb; wait", {
      limits: { processes: 100, timeout_ms: 10_000 },
    });
    assert(bomb.outcome === "failed" || bomb.outcome === "built");
  });

  await t.step("it cannot fill the disk", async () => {
    const fill = (files: number) =>
      `for i in {1..${files}}; do head -c 10000000 /dev/urandom >/build/fill-$i; done; sync; sleep 2`;
    const control = await attack(bed, fill(2), { limits: { disk_bytes: 60_000_000 } });
    assertEquals(control.outcome, "built");
    const { outcome, failure } = await attack(bed, `${fill(40)}; sleep 1000`, {
      limits: { disk_bytes: 60_000_000, timeout_ms: 60_000 },
    });
    assertEquals([outcome, failure], ["failed", "resources"]);
    const { log } = await attack(
      bed,
      'head -c 100000000 /dev/zero >/build/one || echo "stopped at $(stat -c %s /build/one)"',
      { limits: { disk_bytes: 60_000_000 } },
    );
    const size = Number(/^stopped at (\d+)$/m.exec(log)?.[1]);
    assert(size > 10_000_000 && size <= 60_000_000, log);
  });

  await t.step("it cannot fill memory through its file systems", async () => {
    const { log } = await attack(
      bed,
      `head -c 400000000 /dev/zero >/dev/shm/x; ls -l /dev/shm/x; rm /dev/shm/x
       head -c 1000000 /dev/zero >/dev/x; true`,
    );
    const size = Number(/ (\d+) [A-Z][a-z]{2} +\d+ [\d:]+ \/dev\/shm\/x/.exec(log)?.[1]);
    assertEquals(size, 256 * 1024 ** 2);
    assertMatch(log, /\/dev\/x: Read-only file system/);
  });

  await t.step("it ends at its time limit, with everything that it started", async () => {
    const mark = `98${Math.floor(Math.random() * 1e7)}`;
    const leftBehind = bed.queue.add({
      ...packageSource(`hostile-${++count}`, {
        body:
          `build() { setsid nohup sleep ${mark} >/dev/null 2>&1 & disown; sleep 100000; }\n${PACKAGE}`,
      }),
      limits: { timeout_ms: 30_000 },
    });
    await until("the process of the build runs", () => processesWith(mark).length > 0, 60_000);
    const result = await bed.queue.resultOf(leftBehind);
    assert(result.outcome === "failed");
    assertEquals(result.failure, "timeout");
    assertEquals(processesWith(mark), []);
  });

  await t.step("a daemon that it leaves behind ends with it", async () => {
    const mark = `97${Math.floor(Math.random() * 1e7)}`;
    const { outcome } = await attack(
      bed,
      `setsid nohup sleep ${mark} >/dev/null 2>&1 & disown; [ -d /proc/$! ] && echo left`,
    );
    assertEquals(outcome, "built");
    assertEquals(processesWith(mark), []);
  });

  await t.step("it cannot deceive the readers of its log", async () => {
    const { log } = await attack(
      bed,
      `printf 'seen\\e]0;title\\a\\e[2J\\e[1;1Hforged\\n\\rback\\b\\b\\x9b2J\\u202eevil\\n'; printf 'no end'`,
    );
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]/.exec(log), null);
    assertMatch(log, /seen.*forged/);
    assertMatch(log, /\\u\{202e\}evil/);
  });

  await t.step(
    "it cannot choose where packages go, or pass other files off as packages",
    async () => {
      for (const line of ["PKGDEST=/build/elsewhere", "PKGEXT=.pkg.tar.gz"]) {
        const job = bed.queue.add(
          packageSource(`hostile-${++count}`, { body: `${line}\n${PACKAGE}` }),
        );
        const result = await bed.queue.resultOf(job);
        assertEquals([result.outcome, job.products.size], ["failed", 0], line);
      }
      const link = await attack(bed, "ln -s /etc/passwd /pkgdest/evil-1-1-any.pkg.tar.zst");
      assertEquals([link.outcome, link.job.products.size], ["failed", 0]);
    },
  );

  await t.step("after all of that, the builder still builds", async () => {
    const { outcome, job } = await attack(bed, "true");
    assertEquals([outcome, job.products.size], ["built", 1]);
  });
});
