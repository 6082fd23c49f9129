/** Names of members. */
import type { Group, Member } from '../api/groups';
import { nameOf } from '../cheque/person-name';
import type { Words } from '../i18n/en';

/** The name, which differs from those of all others. */
export function memberName(words: Words, { id, name, namesake }: Member): string {
  return nameOf(words, { id, name, role: 'user', ...(namesake === undefined ? {} : { namesake }) });
}

/** The name, or "you". */
export function nameIn(words: Words, group: Group, id: number): string {
  if (id === group.you) return words.groups.you;
  const member = group.members.find((one) => one.id === id);
  return member ? memberName(words, member) : words.cheque.people.number(id);
}
