/** Ticks a second in /proc/PID/stat: USER_HZ, 100 on every architecture that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** A process and all its descendants, as far as they still run. */
export function processTree(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statFields(Number(name));
    if (fields === null) continue;
    const parent = Number(fields[1]);
    childrenOf.set(parent, [...childrenOf.get(parent) ?? [], Number(name)]);
  }
  const tree = [pid];
  // The list grows while it is walked, by the children of each member.
  for (const member of tree) tree.push(...childrenOf.get(member) ?? []);
  return tree;
}

/** User and system time of a process and its descendants, in seconds; ended children count, too. */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const member of processTree(pid)) {
    // utime, stime, cutime, cstime
    const times = statFields(member)?.slice(11, 15) ?? [];
    ticks += times.reduce((sum, time) => sum + Number(time), 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/**
 * The most memory that a process and its descendants have had resident since the last reset, in bytes. Pages that several
 * processes share count in each of them.
 */
export function peakResidentBytes(pid: number): number {
  let bytes = 0;
  for (const member of processTree(pid)) {
    const status = readOrNull(`/proc/${member}/status`);
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status ?? "")?.[1];
    bytes += Number(kibibytes ?? 0) * 1024;
  }
  return bytes;
}

/** Lets `peakResidentBytes` begin again with what is resident now. */
export function resetPeakResidentBytes(pid: number): void {
  for (const member of processTree(pid)) {
    try {
      // 5 resets the high-water mark and nothing else, see proc_pid_clear_refs(5).
      Deno.writeTextFileSync(`/proc/${member}/clear_refs`, "5");
    } catch {
      // It has ended, or the kernel cannot do this: then the peak is that of all rounds so far.
    }
  }
}

/** The fields of /proc/PID/stat behind the command's name: state, parent and so on; null if gone. */
function statFields(pid: number): string[] | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  // The name is in parentheses, and may itself have spaces and parentheses in it.
  return stat === null ? null : stat.slice(stat.lastIndexOf(")") + 2).trim().split(" ");
}

function readOrNull(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    // Processes end at any time: ENOENT before the file is opened, ESRCH while it is read.
    return null;
  }
}
