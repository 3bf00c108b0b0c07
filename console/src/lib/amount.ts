/** Amounts as text: integers and decimal text in, text out. No floating-point number is ever made of an amount. */

/** An amount of a currency, as the node writes it. */
export interface Amount {
  /** Major units with all the currency's decimals: `-1250.00`. */
  amount: string;
  /** The same in minor units: `-125000`. */
  minor: string;
  /** ISO 4217 code. */
  currency: string;
}

const MINUS = "\u2212";

interface Separators {
  group: string;
  decimal: string;
}

const known = new Map<string, Separators>();

/** The signs that a language writes between thousands and before decimals. */
function separators(language: string): Separators {
  let found = known.get(language);
  if (!found) {
    const parts = new Intl.NumberFormat(language, { useGrouping: true }).formatToParts(1234567.5);
    const part = (type: string, otherwise: string) => parts.find((one) => one.type === type)?.value ?? otherwise;
    found = { group: part("group", "\u00a0"), decimal: part("decimal", ".") };
    known.set(language, found);
  }
  return found;
}

/** Digits in groups of three. */
function grouped(digits: string, group: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, group);
}

/** Decimal text (`-1250.00`) as a language writes it, with every digit. */
export function formatDecimal(text: string, language: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign, whole = "", decimals] = match;
  const { group, decimal } = separators(language);
  return (sign ? MINUS : "") + grouped(whole, group) + (decimals ? decimal + decimals : "");
}

/** A whole number, such as a count or a height. */
export function formatCount(count: number | bigint, language: string): string {
  return formatDecimal(count.toString(), language);
}

/** An amount with its currency, complete. The space between them does not break. */
export function formatAmount({ amount, currency }: Amount, language: string): string {
  return `${currency}\u00a0${formatDecimal(amount, language)}`;
}

/** The sign of an amount: -1, 0 or 1. */
export function sign({ minor }: Amount): -1 | 0 | 1 {
  const value = BigInt(minor);
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}

/** Minor units of an amount. */
export function minor(amount: Amount): bigint {
  return BigInt(amount.minor);
}

/** The magnitude of an amount. */
export function magnitude(amount: Amount): Amount {
  const bare = (text: string) => text.replace(/^-/, "");
  return { ...amount, amount: bare(amount.amount), minor: bare(amount.minor) };
}

/** How many decimals the currency of an amount has. */
function decimals(amount: Amount): number {
  return amount.amount.split(".")[1]?.length ?? 0;
}

/** The amount of so many minor units in the currency of another amount. */
export function ofMinor(value: bigint, like: Amount): Amount {
  const places = decimals(like);
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, "0");
  const whole = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
  return { amount: (value < 0n ? "-" : "") + whole, minor: value.toString(), currency: like.currency };
}

/** The sum of amounts of one currency; `like` gives the currency when there are none. */
export function sum(amounts: Amount[], like: Amount): Amount {
  return ofMinor(amounts.reduce((total, one) => total + minor(one), 0n), like);
}

/** What part of a whole an amount is, in thousandths from 0 to 1000, rounded down: for the length of a bar, never for a figure. */
export function thousandths(part: bigint, whole: bigint): number {
  if (whole <= 0n) return 0;
  const share = ((part < 0n ? -part : part) * 1000n) / whole;
  return Number(share > 1000n ? 1000n : share);
}

/** `part / whole` in percent with one decimal, rounded down, as decimal text; null where there is no whole. */
export function percent(part: bigint, whole: bigint): string | null {
  if (whole <= 0n) return null;
  const tenths = (part * 1000n) / whole;
  return `${tenths / 10n}.${tenths % 10n}`;
}

/** What a person typed as the decimal text that the node reads, or null. Both decimal signs are taken; groups are not guessed. */
export function parseTyped(typed: string): string | null {
  const text = typed.replace(/[\s\u00a0\u202f']/g, "");
  const match = /^(\d+)(?:[.,](\d+))?$/.exec(text);
  if (!match) return null;
  const whole = (match[1] ?? "").replace(/^0+(?=\d)/, "");
  return match[2] ? `${whole}.${match[2]}` : whole;
}
