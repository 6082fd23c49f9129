/** People as they are called, and as they look in a small circle. */
import type { Participant } from '../api/model';
import type { Words } from '../i18n/en';

/** The name; the owner may not have said one. */
export function nameOf(words: Words, { id, name, role }: Pick<Participant, 'id' | 'name' | 'role'>): string {
  if (name) return name;
  return role === 'owner' ? words.cheque.people.owner : words.cheque.people.number(id);
}

/** One or two letters: of the first two words, else the first of the only one. */
export function initials(name: string): string {
  const letters = name
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '');
  return letters.join('').toLocaleUpperCase() || '?';
}

/** How many colours there are for people; `tokens.css` holds them. */
const HUES = 8;

export function hueOf(id: number): number {
  return ((id - 1) % HUES) + 1;
}
