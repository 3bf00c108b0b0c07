/** The languages that the console speaks. */

export const LANGUAGES = { en: "English", es: "Español", pt: "Português", fr: "Français" } as const;
export type Language = keyof typeof LANGUAGES;

/** The first language that both the browser's person and the console speak. */
export function chosenLanguage(wanted: readonly string[]): Language {
  const found = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES);
  return (found as Language | undefined) ?? "en";
}
