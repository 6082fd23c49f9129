/** What this browser remembers: language, theme, and in development mode the user. */

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

  /** Whom this browser acts as; `null` when nobody has been chosen here. */
  get userId(): number | null {
    return this.#userId;
  }
  set userId(userId: number) {
    this.#userId = userId;
    remember('user', String(userId));
  }

  /** Whether people signed in here when the gateway was last asked; `null` when it never was. */
  get signsIn(): boolean | null {
    return this.#signsIn;
  }
  set signsIn(signsIn: boolean | null) {
    this.#signsIn = signsIn;
    remember('signs-in', String(signsIn));
  }

  /** Carries the choices to the document, where CSS and screen readers look for them. */
  apply(root: HTMLElement): void {
    root.lang = this.#language;
    if (this.#theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = this.#theme;
  }
}

/** A user id as typed, or `null`. Ids beyond 2^53 would lose digits in this page. */
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

// Storage can be forbidden by the browser; the page then simply forgets.
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
