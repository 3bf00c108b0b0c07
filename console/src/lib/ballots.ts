/** How the votes on a proposal stand, or stood. */

import type { ProposalView } from "./api-types.ts";
import { count, t } from "./i18n.svelte.ts";

/** Whether members still vote on it. */
export function isUndecided({ status }: ProposalView): boolean {
  return status === "draft" || status === "open";
}

/** The votes so far and what is needed; of a proposal that was decided the votes alone, since who may vote has changed since. */
export function tally(one: ProposalView): string {
  if (!isUndecided(one)) return t("governance.voted", { agreed: one.agreed.length, opposed: one.opposed.length });
  return t("governance.tally", { agreed: one.agreed.length, needed: count(one.needed), electorate: count(one.electorate) });
}
