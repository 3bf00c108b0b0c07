/** A command as the node describes it, as names and texts. */

import { amount, day, named, reason, t, time } from "./i18n.svelte.ts";

/** What tells nothing: it is the heading, or as usual. */
function isUsual(name: string, value: unknown): boolean {
  return name === "command" || value === null || value === undefined || value === false || (/participant$/.test(name) && value === 0);
}

/** What is said first. The rest follows as it comes. */
const FIRST = ["debtor", "creditor", "amount", "counterparty", "value_date", "kind", "subject"];
/** Amounts in the unit of account, unless the command names a currency. */
const AMOUNTS = ["amount", "debit_cap", "credit_cap", "urgent", "high", "debit_limit", "credit_limit", "above"];
/** Fields whose values have names. */
const NAMED: Record<string, string> = { priority: "priority", ballot: "ballot", action: "rule", kind: "decision" };

/** A value in words; `currency` is that of amounts. */
export function valueText(name: string, value: unknown, currency: string): string {
  if (value === true) return t("common.yes");
  if (typeof value !== "string") return typeof value === "object" ? JSON.stringify(value) : String(value);
  if (AMOUNTS.includes(name)) return value === "none" ? t("common.no_cap") : amount({ amount: value, minor: "", currency });
  if (name in NAMED) return named(NAMED[name] ?? "", value);
  if (name === "value_date" || name === "from_day") return day(value);
  if (name === "expires_at" || name === "deadline") return `${time(value)} UTC`;
  return name === "reason" ? `${value} · ${reason(value)}` : value;
}

/** The fields of a command by name; `unit` is the unit of account. */
export function describe(command: Record<string, unknown>, unit: string): [string, string][] {
  const currency = typeof command["currency"] === "string" ? command["currency"] : unit;
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return Object.entries(command)
    .filter(([name, value]) => !isUsual(name, value) && !(name === "currency" && "amount" in command))
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => [name, valueText(name, value, currency)]);
}
