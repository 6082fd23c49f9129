import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../i18n/en';
import type { Speech } from '../i18n/speech.svelte';
import { purposeOf, titleOf } from './title';

const speech = { words: en, day: (day: string) => `day ${day}`, minute: () => '5 Feb, 20:14' } as unknown as Speech;
const SHARED_AT = '2026-02-05T20:14:00Z';

test('a bill is called by its merchant and day, else by the time when it was shared', () => {
  const luna = { merchant: 'Cafe Luna', purchased_on: '2026-02-05' };
  assert.equal(titleOf(speech, luna, SHARED_AT), 'Cafe Luna, day 2026-02-05');
  assert.equal(titleOf(speech, { merchant: 'Cafe Luna' }, SHARED_AT), 'Cafe Luna');
  assert.equal(titleOf(speech, { purchased_on: '2026-02-05' }, SHARED_AT), 'Bill of day 2026-02-05');
  assert.equal(titleOf(speech, {}, SHARED_AT), 'Bill of 5 Feb, 20:14');
  assert.equal(titleOf(speech, { merchant: 'קפה' }, SHARED_AT), '\u2068קפה\u2069');
});

test('a statement says who paid for which bill', () => {
  const cheque = { hash: 'h', merchant: 'Cafe Luna', participant: 'Anna' };
  assert.equal(purposeOf(speech, cheque), 'Anna for Cafe Luna');
  assert.equal(purposeOf(speech, { hash: 'h', merchant: 'Cafe Luna' }), 'Cafe Luna');
  assert.equal(purposeOf(speech, { hash: 'h', participant: 'Anna' }), 'Anna for Shared cheque');
});
