import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Participant, SharedCheque } from '../api/model';
import { hasSeveralPayers, leftOf, openNegativeLines, partOf } from './look-up';

const owner: Participant = { id: 1, name: 'Аня', role: 'owner', due: 0n, paid: 0n, to_pay: 0n, to_transfer: 0n, settlement: { state: 'owner' } };
const borya: Participant = { id: 2, name: 'Боря', role: 'guest', due: 0n, paid: 0n, to_pay: 0n, to_transfer: 0n, settlement: { state: 'none' } };

function shared(split: Partial<SharedCheque['split']> = {}): SharedCheque {
  return {
    hash: 'h',
    you: 1,
    owner: true,
    cheque: {
      total_account: 39_000n,
      products: [
        {
          id: 1,
          name: 'Пицца',
          numberServings: 1_000n,
          price: 39_000n,
          total: 39_000n,
          price_printed: true,
          confidence: 1,
          raw: '',
          warnings: [],
        },
      ],
      status: 'balanced',
      confidence: 1,
      warnings: [],
    },
    split: {
      version: 1,
      cheque_version: 1,
      rate: null,
      joining_open: true,
      negative_lines: [],
      status: 'open',
      confirmed: false,
      payable: true,
      method: 'items',
      tip: null,
      participants: [owner, borya],
      claims: [],
      remainders: [{ line: 1, numerator: 1, denominator: 1 }],
      total: 39_000n,
      unclaimed: 39_000n,
      frozen: false,
      created_at: '2026-11-21T10:00:00Z',
      expires_at: '2026-11-22T10:00:00Z',
      ...split,
    },
  };
}

test('lines without a remainder are fully claimed', () => {
  assert.deepEqual(leftOf(shared(), 1), { numerator: 1, denominator: 1 });
  assert.deepEqual(leftOf(shared({ remainders: [] }), 1), { numerator: 0, denominator: 1 });
  assert.deepEqual(partOf(shared(), 1, 2), { numerator: 0, denominator: 1 });
});

test('a negative line that must be claimed is named until it is claimed', () => {
  const negative_lines = [{ line: 1, applies: 'claimed' as const }];
  assert.deepEqual(openNegativeLines(shared({ negative_lines })), ['Пицца']);
  assert.deepEqual(openNegativeLines(shared({ negative_lines, remainders: [] })), []);
  assert.deepEqual(openNegativeLines(shared({ negative_lines: [{ line: 1, applies: 'proportion' }] })), []);
});

test('others than the owner who have paid the restaurant are several payers', () => {
  assert.equal(hasSeveralPayers(shared({ participants: [{ ...owner, advance: 50n }, borya] })), false);
  assert.equal(hasSeveralPayers(shared({ participants: [owner, { ...borya, advance: 50n }] })), true);
});
