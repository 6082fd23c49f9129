import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BYTES_MAX, kindOf, refusalOf, scaleFor } from './picture';

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

test('the first bytes determine the format of a file', () => {
  assert.equal(kindOf(bytes('\xff\xd8\xff\xe0\0\x10JFIF')), 'jpeg');
  assert.equal(kindOf(bytes('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')), 'png');
  assert.equal(kindOf(bytes('RIFF\0\0\0\0WEBPVP8 ')), 'webp');
  assert.equal(kindOf(bytes('\0\0\0\x18ftypheic\0\0\0\0')), 'heic');
  assert.equal(kindOf(bytes('\0\0\0\x1cftypavif\0\0\0\0')), 'avif');
  assert.equal(kindOf(bytes('%PDF-1.7')), 'pdf');
  assert.equal(kindOf(bytes('<?xml version="1.0"?>')), 'svg');
  assert.equal(kindOf(bytes('\xef\xbb\xbf <svg xmlns=')), 'svg');
  assert.equal(kindOf(bytes('GIF89a')), 'gif');
  assert.equal(kindOf(bytes('MZ')), 'other');
  assert.equal(kindOf(bytes('')), 'other');
});

test('unsupported files are rejected before they are sent', () => {
  assert.equal(refusalOf('jpeg', 0), 'empty');
  assert.equal(refusalOf('jpeg', BYTES_MAX), null);
  assert.equal(refusalOf('png', BYTES_MAX + 1), 'too_large');
  assert.equal(refusalOf('heic', 5), null, 'the server decodes it');
  assert.equal(refusalOf('pdf', BYTES_MAX), null, 'and renders this');
  assert.equal(refusalOf('pdf', BYTES_MAX + 1), 'too_large');
  assert.equal(refusalOf('avif', 5), 'unsupported');
  assert.equal(refusalOf('gif', 5), 'unsupported');
});

test('a picture is downscaled only as much as necessary', () => {
  assert.equal(scaleFor(4_000, 3_000, 40_000_000), 1);
  assert.equal(scaleFor(20_000, 8_000, 40_000_000), 0.5);
});
