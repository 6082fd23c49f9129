import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Participant, SharedCheque } from '../api/model';
import { changesBetween, leftOf, openNegativeLines, partOf } from './changes';

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

test('no change is reported if nothing has changed', () => {
  assert.deepEqual(changesBetween(shared(), shared({ version: 2 })), []);
});

test('claims and releases of parts of lines are reported', () => {
  const half = { line: 1, participant: 2, numerator: 1, denominator: 2 };
  const taken = shared({ claims: [half] });
  const part = { numerator: 1, denominator: 2 };
  assert.deepEqual(changesBetween(shared(), taken), [{ what: 'took', who: borya, line: 'Пицца', part }]);
  assert.deepEqual(changesBetween(taken, shared()), [{ what: 'gaveBack', who: borya, line: 'Пицца' }]);
});

test('a new name is not reported as a correction of the lines', () => {
  const named = shared();
  named.cheque = { ...named.cheque, merchant: 'Луна' };
  const change = { what: 'named', cheque: named.cheque, createdAt: '2026-11-21T10:00:00Z' };
  assert.deepEqual(changesBetween(shared(), named), [change]);
  assert.deepEqual(changesBetween(named, named), []);
});

test('joining, paying and settling are reported in this order', () => {
  const paid: Participant = { ...borya, paid: 5n, settlement: { state: 'paid', transfer_id: 't', amount: 5n } };
  const changes = changesBetween(shared({ participants: [owner] }), shared({ participants: [owner, paid], status: 'settled' }));
  assert.deepEqual(
    changes.map(({ what }) => what),
    ['joined', 'paid', 'settled'],
  );
});

test('a second failed attempt is reported, the same one only once', () => {
  const failed = (transfer_id: string): Participant => ({
    ...borya,
    settlement: { state: 'failed', transfer_id, reason: 'insufficient_funds' },
  });
  const first = shared({ participants: [owner, failed('a')] });
  assert.deepEqual(changesBetween(first, first), []);
  const [change] = changesBetween(first, shared({ participants: [owner, failed('b')] }));
  assert.equal(change?.what, 'notPaid');
});

test('changes of method and tip are reported', () => {
  const changes = changesBetween(shared(), shared({ method: 'equal', tip: { percent: 1_000n } }));
  assert.deepEqual(changes, [
    { what: 'method', method: 'equal' },
    { what: 'tip', tip: { percent: 1_000n } },
  ]);
});

test('lines without a remainder are fully claimed', () => {
  assert.deepEqual(leftOf(shared(), 1), { numerator: 1, denominator: 1 });
  assert.deepEqual(leftOf(shared({ remainders: [] }), 1), { numerator: 0, denominator: 1 });
  assert.deepEqual(partOf(shared(), 1, 2), { numerator: 0, denominator: 1 });
});

test('money that is given back is reported', () => {
  const paid: Participant = { ...borya, paid: 5n, settlement: { state: 'cash', amount: 5n } };
  const changes = changesBetween(shared({ participants: [owner, paid] }), shared());
  assert.deepEqual(changes, [{ what: 'refunded', who: borya }]);
});

test('a negative line that must be claimed is named until it is claimed', () => {
  const negative_lines = [{ line: 1, applies: 'claimed' as const }];
  assert.deepEqual(openNegativeLines(shared({ negative_lines })), ['Пицца']);
  assert.deepEqual(openNegativeLines(shared({ negative_lines, remainders: [] })), []);
  assert.deepEqual(openNegativeLines(shared({ negative_lines: [{ line: 1, applies: 'proportion' }] })), []);
});
