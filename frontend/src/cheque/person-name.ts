/** Names and initials of participants. */
import type { Participant } from '../api/model';
import type { Words } from '../i18n/en';
import { isolated } from './isolated';

/** The name, which differs from those of all others; the owner may not have set one. */
export function nameOf(
  words: Words,
  { id, name, namesake, role }: Pick<Participant, 'id' | 'name' | 'namesake' | 'role'>,
): string {
  if (name) {
    return namesake ? `${isolated(name)} (${namesake})` : isolated(name);
  }
  return role === 'owner' ? words.cheque.people.owner : words.cheque.people.number(id);
}

/** One or two letters: the initials of the first two words, or the first letter of a single word. */
export function initials(name: string): string {
  // Without the number of a namesake and the isolates: see `nameOf`.
  const letters = name
    .replace(/ \(\d+\)$|[\u2068\u2069]/g, '')
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
