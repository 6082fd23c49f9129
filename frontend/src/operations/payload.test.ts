import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVerbatim } from '../api/json';
import type { OpenedDeadLetter } from '../api/model';
import { payloadText, readPayload } from './payload';

const opened = (part: Partial<OpenedDeadLetter>) => part as OpenedDeadLetter;

test('JSON is laid out as JSON.stringify does, numbers as they were written', () => {
  const text = '{"a": [1, {"b": null}, []], "c": "\\"Чай\\"", "amount": 499.9, "d": {}}';
  const payload = readPayload(opened({ payload: readVerbatim(text) }));
  assert.equal(payloadText(payload), JSON.stringify(JSON.parse(text), null, 2));
});

test('keys are told from texts', () => {
  const payload = readPayload(opened({ payload: { name: 'name' } }));
  assert.ok(payload.kind === 'json');
  const kinds = payload.tokens.filter(({ text }) => text === '"name"').map(({ kind }) => kind);
  assert.deepEqual(kinds, ['key', 'text']);
});

test('what is no JSON is shown as text when it is text, else as it came', () => {
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
