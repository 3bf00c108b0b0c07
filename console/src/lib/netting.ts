/** What netting does to a cycle, out of what its members paid each other. */

import type { CycleFlowsView, PositionView } from "./api-types.ts";
import { minor } from "./amount.ts";

/** What one member paid another. */
export interface Flow {
  from: string;
  to: string;
  value: bigint;
}

/** What members paid each other, as the node tells it: the largest first. */
export function flows(view: CycleFlowsView): Flow[] {
  return view.flows.map(({ debtor, creditor, paid }) => ({ from: debtor, to: creditor, value: minor(paid) }));
}

/** What each member has received less what it has paid. The sum over all is 0. */
export function nets(members: string[], all: Flow[]): Map<string, bigint> {
  const found = new Map(members.map((member) => [member, 0n]));
  for (const { from, to, value } of all) {
    found.set(from, (found.get(from) ?? 0n) - value);
    found.set(to, (found.get(to) ?? 0n) + value);
  }
  return found;
}

/** What members owe each other, net, in the open cycle: from who owes to who is owed, the largest first. */
export function owed(positions: PositionView[]): Flow[] {
  const all = positions.flatMap((position) =>
    position.bilateral.map((line) => ({ from: position.member, to: line.counterparty, value: -minor(line.net) })),
  );
  return all.filter((flow) => flow.value > 0n).sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0));
}
