/** What a person chose in this browser: language, theme, and whose figures are shown without a session. */

import { chosenLanguage, type Language } from "./language.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "comity-preferences";

interface Kept {
  language?: string;
  theme?: string;
  member?: string;
}

function kept(): Kept {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

class Preferences {
  language = $state<Language>("en");
  theme = $state<Theme>("auto");
  member = $state<string | null>(null);

  constructor() {
    const { language, theme, member } = kept();
    this.language = chosenLanguage(language ? [language] : navigator.languages);
    this.theme = THEMES.find((one) => one === theme) ?? "auto";
    this.member = typeof member === "string" ? member : null;
    this.#apply();
  }

  set(change: Partial<{ language: Language; theme: Theme; member: string }>): void {
    Object.assign(this, change);
    const { language, theme, member } = this;
    localStorage.setItem(KEPT, JSON.stringify({ language, theme, member }));
    this.#apply();
  }

  #apply(): void {
    document.documentElement.lang = this.language;
    document.documentElement.dataset["theme"] = this.theme;
  }
}

export const preferences = new Preferences();
