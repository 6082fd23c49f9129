import assert from 'node:assert/strict';
import { test } from 'node:test';
import { letterAt, letterHref } from './route.svelte';

test('the URL of a dead letter opens it', () => {
  const letter = { service: 'router', direction: 'outgoing', eventId: '0190-7' } as const;
  assert.deepEqual(letterAt(letterHref(letter)), letter);
});

test('other URLs open no dead letter', () => {
  for (const hash of ['#/operations', '#/operations/users/incoming/1', '#/operations/orders/sideways/1', '#/orders/1']) {
    assert.equal(letterAt(hash), null, hash);
  }
});
