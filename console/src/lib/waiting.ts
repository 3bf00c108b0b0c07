/** How an order stands, and why it waits, in words. */

import type { OrderView } from "./api-types.ts";
import { reason, t } from "./i18n.svelte.ts";

/** What of an order changes when something happens to it. */
export function stateOf(order: OrderView): string {
  return JSON.stringify([order.status, order.reason, order.held_by, order.priority, order.return_request]);
}

/** Why an open order has not settled yet. */
export function why(order: OrderView): string {
  if (order.held_by?.length) {
    return order.held_by.map((member) => t(member === order.debtor ? "payments.why_on_hold" : "payments.why_held", { member })).join(" ");
  }
  return order.reason ? `${order.reason} · ${reason(order.reason, order.meaning)}` : t("payments.why_turn");
}
