/** Texts, money and time in the selected language. */
import { type MoneyFormat, moneyFormat } from '../money/format';
import type { Preferences } from '../state/preferences.svelte';
import { durationText } from './duration';
import { en, type Words } from './en';
import { ru } from './ru';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 7],
];
const NOW_SECONDS = 10;

export class Speech {
  readonly #preferences: Preferences;
  readonly #currency: () => string;

  readonly words: Words = $derived.by(() => (this.#preferences.language === 'ru' ? ru : en));
  /** With the user's region if the browser knows it: en-GB and en-US format dates differently. */
  readonly locale: string = $derived.by(() => regional(this.#preferences.language));
  readonly money: MoneyFormat = $derived.by(() => moneyFormat(this.locale, this.#currency()));
  readonly #relative = $derived.by(
    () => new Intl.RelativeTimeFormat(this.locale, { numeric: 'auto', style: 'short' }),
  );
  readonly #date = $derived.by(
    () => new Intl.DateTimeFormat(this.locale, { day: 'numeric', month: 'short', year: 'numeric' }),
  );
  readonly #dayOfYear = $derived.by(() => new Intl.DateTimeFormat(this.locale, { day: 'numeric', month: 'short' }));
  readonly #exact = $derived.by(
    () => new Intl.DateTimeFormat(this.locale, { dateStyle: 'medium', timeStyle: 'medium' }),
  );
  readonly #minute = $derived.by(
    () =>
      new Intl.DateTimeFormat(this.locale, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }),
  );
  readonly #clock = $derived.by(
    () => new Intl.DateTimeFormat(this.locale, { timeStyle: 'medium', hourCycle: 'h23' }),
  );

  readonly #day = $derived.by(() => new Intl.DateTimeFormat(this.locale, { day: 'numeric', month: 'short' }));

  readonly #count = $derived.by(() => new Intl.NumberFormat(this.locale));

  constructor(preferences: Preferences, currency: () => string) {
    this.#preferences = preferences;
    this.#currency = currency;
  }

  /** The format for a cheque's currency, which may differ from that of the accounts. */
  moneyIn(currency: string | null | undefined): MoneyFormat {
    try {
      return currency ? moneyFormat(this.locale, currency) : this.money;
    } catch {
      // A misread code is not a valid currency.
      return this.money;
    }
  }

  /** A day like `2026-02-05`: "5 Feb", with its year unless it is this one; lines do not break within it. */
  day(day: string): string {
    const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
    const at = new Date(year, month - 1, date);
    const format = year === new Date().getFullYear() ? this.#dayOfYear : this.#date;
    return format.format(at).replaceAll(' ', '\u00a0');
  }

  /** Date and time to the minute: "21 Nov, 14:05". */
  minute(at: Date): string {
    return this.#minute.format(at);
  }

  /** "5 min ago"; a date after a week. If the server's clock is ahead, "just now". */
  ago(at: Date, now: number): string {
    let value = (now - at.getTime()) / 1000;
    if (value < NOW_SECONDS) return this.words.time.now;
    for (const [unit, next] of UNITS) {
      if (value < next) return this.#relative.format(-Math.floor(value), unit);
      value /= next;
    }
    return this.#date.format(at);
  }

  /** A duration: "1.2s", "12m". */
  duration(seconds: number): string {
    return durationText(this.locale, seconds);
  }

  count(number: number): string {
    return this.#count.format(number);
  }

  exact(at: Date): string {
    return this.#exact.format(at);
  }

  /** The time of day, or the date if it is another day. */
  clockOrDay(at: Date, now: number): string {
    return at.toDateString() === new Date(now).toDateString() ? this.clock(at) : this.#day.format(at);
  }

  clock(at: Date): string {
    return this.#clock.format(at);
  }
}

function regional(language: string): string {
  return navigator.languages.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;
}
