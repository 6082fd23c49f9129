/** Names and initials of participants. */
import type { Participant } from '../api/model';
import type { Words } from '../i18n/en';

/** The name; the owner may not have set one. */
export function nameOf(words: Words, { id, name, role }: Pick<Participant, 'id' | 'name' | 'role'>): string {
  if (name) return name;
  return role === 'owner' ? words.cheque.people.owner : words.cheque.people.number(id);
}

/** One or two letters: the initials of the first two words, or the first letter of a single word. */
export function initials(name: string): string {
  const letters = name
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '');
  return letters.join('').toLocaleUpperCase() || '?';
}

/** Number of colours for participants; `tokens.css` defines them. */
const HUES = 8;

export function hueOf(id: number): number {
  return ((id - 1) % HUES) + 1;
}
