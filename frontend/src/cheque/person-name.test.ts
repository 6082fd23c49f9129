import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../i18n/en';
import { initials, nameOf } from './person-name';

test('people of the same name are told apart', () => {
  assert.equal(nameOf(en, { id: 2, name: 'Anna', role: 'guest' }), 'Anna');
  const second = nameOf(en, { id: 3, name: 'Anna', namesake: 2, role: 'guest' });
  assert.equal(second, 'Anna (2)');
  assert.equal(initials(second), 'A');
});

test('a name in another direction is isolated from the sentence', () => {
  assert.equal(nameOf(en, { id: 2, name: 'דנה', role: 'guest' }), '\u2068דנה\u2069');
  assert.equal(initials('\u2068דנה\u2069'), 'ד');
  assert.equal(nameOf(en, { id: 1, name: null, role: 'owner' }), en.cheque.people.owner);
});
