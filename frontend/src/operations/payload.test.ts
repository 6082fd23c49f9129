import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVerbatim } from '../api/json';
import type { OpenedDeadLetter } from '../api/model';
import { payloadText, readPayload } from './payload';

const opened = (part: Partial<OpenedDeadLetter>) => part as OpenedDeadLetter;

test('JSON is formatted like JSON.stringify, with the original numbers', () => {
  const text = '{"a": [1, {"b": null}, []], "c": "\\"Чай\\"", "amount": 499.9, "d": {}}';
  const payload = readPayload(opened({ payload: readVerbatim(text) }));
  assert.equal(payloadText(payload), JSON.stringify(JSON.parse(text), null, 2));
});

test('keys are distinguished from strings', () => {
  const payload = readPayload(opened({ payload: { name: 'name' } }));
  assert.ok(payload.kind === 'json');
  const kinds = payload.tokens.filter(({ text }) => text === '"name"').map(({ kind }) => kind);
  assert.deepEqual(kinds, ['key', 'text']);
});

test('other payloads are shown as text if they are text, otherwise unchanged', () => {
  const base64 = (bytes: string | number[]) => Buffer.from(bytes as string).toString('base64');
  assert.deepEqual(readPayload(opened({ payload_base64: base64('not {json') })), { kind: 'text', text: 'not {json' });
  assert.deepEqual(readPayload(opened({ payload_base64: base64([0, 1, 2]) })), {
    kind: 'bytes',
    base64: 'AAEC',
    size: 3,
  });
  assert.equal(readPayload(opened({ payload_base64: base64([0xff, 0xfe]) })).kind, 'bytes');
  assert.deepEqual(readPayload(opened({ payload_base64: '' })), { kind: 'text', text: '' });
});
