/** The activity log of this page: one sentence per action and change. */
import type { Speech } from '../i18n/speech.svelte';

const ENTRIES_MAX = 200;

export type Tone = 'quiet' | 'deed' | 'good' | 'bad' | 'wait';

export interface ActivityEntry {
  id: string;
  at: Date;
  tone: Tone;
  /** Evaluated per language, so that switching the language also translates past entries. */
  say: (speech: Speech) => string;
  orderId: string | null;
}

export class Activity {
  /** Newest first. */
  entries = $state.raw<ActivityEntry[]>([]);
  #lastId = 0;

  tell(tone: Tone, say: ActivityEntry['say'], orderId: string | null = null): void {
    this.#lastId += 1;
    const entry = { id: String(this.#lastId), at: new Date(), tone, say, orderId };
    this.entries = [entry, ...this.entries].slice(0, ENTRIES_MAX);
  }

  clear(): void {
    this.entries = [];
  }
}
