/** Simulations: what is sent to the node for one, and its report read without loss. */

import { ofMinor, type Amount } from "./amount.ts";
import type { SimulationView, SpreadsView } from "./api-types.ts";

/** JSON in which every number is kept as it is written: those of a report have any size. */
export type Exact<T> = T extends number ? string : T extends (infer One)[] ? Exact<One>[] : T extends object ? { [Name in keyof T]: Exact<T[Name]> } : T;

/** A report with its numbers as text. */
export type Report = Exact<SimulationView>;

/** How the figures of several seeds are spread, with its numbers as text. */
export type Spreads = Exact<SpreadsView>;

/** Reads JSON, and keeps numbers as text. */
export function readExactly<T>(json: string): Exact<T> {
  const quoted = json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => (token.startsWith('"') ? token : `"${token}"`));
  return JSON.parse(quoted) as Exact<T>;
}

/** What the node answers about one set of rules: the report and the spread of its figures, each also as the node wrote it. */
export interface Answer {
  report: Report;
  text: string;
  spreads: Spreads | null;
  spreadsText: string;
}

/** Takes an answer apart: `{"simulations":[report],"spreads":[spreads]}`. In a name in it quotes are escaped. */
export function readAnswer(answer: string): Answer {
  const between = '],"spreads":[';
  const at = answer.lastIndexOf(between);
  const text = answer.slice(answer.indexOf("[") + 1, at);
  const spreadsText = answer.slice(at + between.length, answer.lastIndexOf("]"));
  return { report: readExactly(text) as Report, text, spreads: spreadsText ? (readExactly(spreadsText) as Spreads) : null, spreadsText };
}

/** Something that goes wrong in a simulation. */
export interface Shock {
  kind: "stops" | "leaves" | "rate";
  member: string;
  /** `YYYY-MM-DD` */
  day: string;
  /** How much more a unit of account costs of the member's currency, where that loses value. */
  percent: number;
}

/** A shock as the node reads it. */
export function writtenShock({ kind, member, day, percent }: Shock): string {
  return kind === "rate" ? `rate:${member}:${percent}@${day}` : `${kind}:${member}@${day}`;
}

/** What was asked for of one set of rules, and what came of it. */
export interface Simulation extends Answer {
  /** The same for the same request. */
  key: string;
  shocks: Shock[];
}

/** An amount of a report. */
export function amountIn(report: Report, minor: string | bigint): Amount {
  return ofMinor(BigInt(minor), { amount: report.gross_major, minor: report.gross, currency: report.unit_of_account });
}

/** What all members bore or paid of something. */
export function ofAll(report: Report, of: "charges" | "interest_paid" | "defaulted"): Amount {
  return amountIn(report, report.members.reduce((total, member) => total + BigInt(member[of]), 0n));
}

/** Of a file of trade: what there is to choose from. The node reads it again, and says what is wrong with it. */
export interface Trade {
  name: string;
  text: string;
  rows: number;
  /** Codes of the countries by year. */
  countries: Map<number, Set<string>>;
}

const COLUMNS = ["exporter", "importer", "year", "usd_million"];

/** Looks through a file of trade; null where it is none. */
export function readTrade(name: string, text: string): Trade | null {
  const cells = (line: string) => line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
  const [header = "", ...lines] = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const [exporter, importer, year, value] = COLUMNS.map((column) => cells(header).indexOf(column)) as [number, number, number, number];
  if (Math.min(exporter, importer, year, value) < 0) return null;
  const countries = new Map<number, Set<string>>();
  let rows = 0;
  for (const line of lines) {
    if (!line.trim()) continue;
    const row = cells(line);
    const codes = countries.get(Number(row[year])) ?? new Set<string>();
    codes.add(row[exporter] ?? "").add(row[importer] ?? "");
    countries.set(Number(row[year]), codes);
    rows += 1;
  }
  return rows ? { name, text, rows, countries } : null;
}

/** Made up: three members in a ring, in which nearly all can be set off, and a year before with less of it. */
export const EXAMPLE = `exporter,importer,year,usd_million
BBB,AAA,2006,90
CCC,BBB,2006,80
AAA,CCC,2006,75
AAA,BBB,2006,12
BBB,CCC,2006,9
BBB,AAA,2005,70
CCC,BBB,2005,50
AAA,CCC,2005,45
AAA,BBB,2005,10
BBB,CCC,2005,8
`;

/** A member's positions, from close to close. */
export interface Line {
  label: string;
  values: bigint[];
}

/** The members whose positions are largest at any close, with those positions; the largest first. */
export function positionLines(report: Report, most: number): Line[] {
  const size = (value: bigint) => (value < 0n ? -value : value);
  const peak = (line: Line) => line.values.reduce((found, value) => (size(value) > found ? size(value) : found), 0n);
  const lines = report.members.map((member, at) => ({ label: member.code, values: report.cycles.map((cycle) => BigInt(cycle.positions[at] ?? 0)) }));
  return lines.sort((a, b) => (peak(a) < peak(b) ? 1 : peak(a) > peak(b) ? -1 : 0)).slice(0, most);
}
