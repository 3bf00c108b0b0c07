/** Texts in the language that was chosen. */

import { formatAmount, formatCount, formatDecimal, type Amount } from "./amount.ts";
import { en, type Catalogue, type Key } from "./i18n/en.ts";
import { es } from "./i18n/es.ts";
import { fr } from "./i18n/fr.ts";
import { pt } from "./i18n/pt.ts";
import type { Language } from "./language.ts";
import { preferences } from "./preferences.svelte.ts";
import { formatClock, formatDay, formatTime } from "./time.ts";

export type { Key };

export const catalogues: Record<Language, Catalogue> = { en, es, pt, fr };

type Values = Record<string, string | number>;

/** A text with its values put in: `{name}` is the value of `name`. */
export function t(key: Key, values: Values = {}): string {
  const text = catalogues[preferences.language][key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** The text of a key made of a family and a name that the node gave; the name itself where there is none. */
export function named(family: string, name: string | null | undefined): string {
  if (!name) return "";
  const key = `${family}.${name.replaceAll(" ", "_")}`;
  return key in en ? t(key as Key) : name;
}

/** Why an order waits or ended: its reason in words, from the catalogue if that has it. */
export function reason(code: string | null | undefined, otherwise?: string | null): string {
  if (!code) return otherwise ?? "";
  const key = `reason.${code}`;
  return key in en ? t(key as Key) : (otherwise ?? code);
}

export const amount = (value: Amount): string => formatAmount(value, preferences.language);
export const decimal = (text: string): string => formatDecimal(text, preferences.language);
export const count = (value: number | bigint): string => formatCount(value, preferences.language);
export const time = (text: string): string => formatTime(text, preferences.language);
export const day = (text: string): string => formatDay(text, preferences.language);
export const clock = (ms: number): string => formatClock(ms, preferences.language);
