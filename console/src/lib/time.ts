/** Times (RFC 3339, UTC) and days (`YYYY-MM-DD` on the union's clock) as a language writes them. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** A formatter costs more than what it formats: each is made once. */
function format(name: string, language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${name} ${language}`;
  const found = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, found);
  return found;
}

export function formatTime(time: string, language: string): string {
  return format("time", language, { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" }).format(new Date(time));
}

export function formatDay(day: string, language: string): string {
  return format("day", language, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

/** The time of day at this machine. */
export function formatClock(ms: number, language: string): string {
  return format("clock", language, { timeStyle: "short" }).format(new Date(ms));
}

/** A clock so many minutes ahead of UTC: `UTC−3`, `UTC+5:30`. */
export function utcOffset(minutes: number): string {
  const ahead = Math.abs(minutes);
  const rest = ahead % 60 ? `:${String(ahead % 60).padStart(2, "0")}` : "";
  return minutes ? `UTC${minutes < 0 ? "\u2212" : "+"}${Math.floor(ahead / 60)}${rest}` : "UTC";
}
