/** A command as the node describes it, as names and texts. */

/** What tells nothing: it is the heading, or as usual. */
function isUsual(name: string, value: unknown): boolean {
  return name === "command" || value === null || value === undefined || value === false || (/participant$/.test(name) && value === 0);
}

export function describe(command: Record<string, unknown>): [string, string][] {
  return Object.entries(command)
    .filter(([name, value]) => !isUsual(name, value))
    .map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]);
}
