/** The payload of a dead letter in readable form. */
import { NumberLiteral, type Writable } from '../api/json';
import type { OpenedDeadLetter } from '../api/model';

/** A token of JSON text with its kind. */
export interface Token {
  kind: 'mark' | 'key' | 'text' | 'number' | 'word';
  text: string;
}

export type Payload =
  | { kind: 'json'; tokens: Token[] }
  /** Not JSON, but readable text. */
  | { kind: 'text'; text: string }
  | { kind: 'bytes'; base64: string; size: number };

const INDENT = '  ';

export function readPayload({ payload, payload_base64 }: OpenedDeadLetter): Payload {
  if (payload !== undefined) return { kind: 'json', tokens: [...write(payload, '\n')] };
  const bytes = Uint8Array.from(atob(payload_base64 ?? ''), (letter) => letter.charCodeAt(0));
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // It contains control characters other than tab and line ends: it is UTF-8 only by chance.
    if (!/[^\P{Cc}\t\r\n]/u.test(text)) return { kind: 'text', text };
  } catch {
    // Not valid UTF-8.
  }
  return { kind: 'bytes', base64: payload_base64 ?? '', size: bytes.length };
}

/** The text that is copied: the same as shown. */
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
