/** Package bases in build order, and dependency cycles among them. */
export interface BuildOrder {
  /** All of them; members of a cycle are adjacent, in alphabetical order. */
  readonly order: readonly string[];
  /** Each a list of package bases that need each other. */
  readonly cycles: readonly (readonly string[])[];
}

/**
 * Sorts package bases. `needs` lists what each needs; bases that are not keys are ignored.
 *
 * Source: Tarjan, "Depth-first search and linear graph algorithms" (1972), whose components come out
 * in this order.
 */
export function buildOrder(needs: ReadonlyMap<string, readonly string[]>): BuildOrder {
  const order: string[] = [];
  const cycles: string[][] = [];
  const visits = new Map<string, { index: number; low: number; isOpen: boolean }>();
  const open: string[] = [];

  /** Iterative, because a dependency chain may be longer than the stack allows. */
  const visit = (start: string) => {
    const path: { name: string; rest: string[] }[] = [];
    const enter = (name: string) => {
      visits.set(name, { index: visits.size, low: visits.size, isOpen: true });
      open.push(name);
      const rest = (needs.get(name) ?? []).filter((each) => needs.has(each)).toSorted();
      path.push({ name, rest });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const own = visits.get(top.name)!;
      const next = top.rest.shift();
      if (next !== undefined) {
        const other = visits.get(next);
        if (other === undefined) enter(next);
        else if (other.isOpen) own.low = Math.min(own.low, other.index);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) {
        const above = visits.get(parent.name)!;
        above.low = Math.min(above.low, own.low);
      }
      if (own.low === own.index) close(top.name);
    }
  };
  const close = (root: string) => {
    const members = open.splice(open.lastIndexOf(root)).toSorted();
    for (const name of members) visits.get(name)!.isOpen = false;
    order.push(...members);
    const needsItself = (needs.get(root) ?? []).includes(root);
    if (members.length > 1 || needsItself) cycles.push(members);
  };

  for (const name of [...needs.keys()].sort()) if (!visits.has(name)) visit(name);
  return { order, cycles };
}
