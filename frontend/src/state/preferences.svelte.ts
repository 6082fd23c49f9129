/** Settings stored in this browser: language, theme, and in development mode the user. */

export type Language = 'en' | 'ru';
export type Theme = 'system' | 'light' | 'dark';

export class Preferences {
  #language = $state<Language>(rememberedLanguage());
  #theme = $state<Theme>(rememberedTheme());
  #userId = $state<number | null>(rememberedUser());
  #signsIn = $state(rememberedMode());

  get language(): Language {
    return this.#language;
  }
  set language(language: Language) {
    this.#language = language;
    remember('language', language);
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    remember('theme', theme);
  }

  /** The chosen user; `null` if none was chosen in this browser. */
  get userId(): number | null {
    return this.#userId;
  }
  set userId(userId: number) {
    this.#userId = userId;
    remember('user', String(userId));
  }

  /** Whether sign-in was required when the gateway was last queried; `null` if it never was. */
  get signsIn(): boolean | null {
    return this.#signsIn;
  }
  set signsIn(signsIn: boolean | null) {
    this.#signsIn = signsIn;
    remember('signs-in', String(signsIn));
  }

  /** Applies the settings to the document, for CSS and screen readers. */
  apply(root: HTMLElement): void {
    root.lang = this.#language;
    if (this.#theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = this.#theme;
  }
}

/** Parses a user id, or returns `null`. Ids above 2^53 would lose digits in this page. */
export function readUserId(typed: string): number | null {
  const userId = Number(typed);
  return /^[1-9]\d*$/.test(typed.trim()) && Number.isSafeInteger(userId) ? userId : null;
}

function rememberedLanguage(): Language {
  const language = recall('language') ?? navigator.language.slice(0, 2);
  return language === 'ru' ? 'ru' : 'en';
}

function rememberedTheme(): Theme {
  const theme = recall('theme');
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

function rememberedMode(): boolean | null {
  const mode = recall('signs-in');
  return mode === null ? null : mode === 'true';
}

function rememberedUser(): number | null {
  return readUserId(recall('user') ?? '');
}

// The browser may forbid storage; then settings are not remembered.
function recall(key: string): string | null {
  try {
    return localStorage.getItem(`chipin.${key}`);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`chipin.${key}`, value);
  } catch {
    return;
  }
}
