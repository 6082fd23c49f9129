/** What a dead letter carries, as a person can read it. */
import { NumberLiteral, type Writable } from '../api/json';
import type { OpenedDeadLetter } from '../api/model';

/** A piece of JSON text, and what it is. */
export interface Token {
  kind: 'mark' | 'key' | 'text' | 'number' | 'word';
  text: string;
}

export type Payload =
  | { kind: 'json'; tokens: Token[] }
  /** No JSON, but readable. */
  | { kind: 'text'; text: string }
  | { kind: 'bytes'; base64: string; size: number };

const INDENT = '  ';

export function readPayload({ payload, payload_base64 }: OpenedDeadLetter): Payload {
  if (payload !== undefined) return { kind: 'json', tokens: [...write(payload, '\n')] };
  const bytes = Uint8Array.from(atob(payload_base64 ?? ''), (letter) => letter.charCodeAt(0));
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // Control characters but tab and line ends: it only happens to be UTF-8.
    if (!/[^\P{Cc}\t\r\n]/u.test(text)) return { kind: 'text', text };
  } catch {
    // Not text at all.
  }
  return { kind: 'bytes', base64: payload_base64 ?? '', size: bytes.length };
}

/** What is copied: the same text that is shown. */
export function payloadText(payload: Payload): string {
  switch (payload.kind) {
    case 'json':
      return payload.tokens.map(({ text }) => text).join('');
    case 'text':
      return payload.text;
    case 'bytes':
      return payload.base64;
  }
}

function* write(value: Writable, newline: string): Generator<Token> {
  if (value instanceof NumberLiteral) yield { kind: 'number', text: value.text };
  else if (typeof value === 'string') yield { kind: 'text', text: JSON.stringify(value) };
  else if (typeof value !== 'object' || value === null) yield { kind: 'word', text: String(value) };
  else if (Array.isArray(value)) yield* writeAll('[', value.map((inner) => [null, inner] as const), ']', newline);
  else yield* writeAll('{', Object.entries(value), '}', newline);
}

type Entry = readonly [key: string | null, value: Writable | undefined];

function* writeAll(open: string, entries: Entry[], close: string, newline: string): Generator<Token> {
  if (entries.length === 0) return yield { kind: 'mark', text: open + close };
  let before = open + newline + INDENT;
  for (const [key, value] of entries) {
    yield { kind: 'mark', text: before };
    if (key !== null) {
      yield { kind: 'key', text: JSON.stringify(key) };
      yield { kind: 'mark', text: ': ' };
    }
    yield* write(value ?? null, newline + INDENT);
    before = `,${newline}${INDENT}`;
  }
  yield { kind: 'mark', text: newline + close };
}
