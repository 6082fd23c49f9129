import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { forgetPhoto, photoSource } from './photo-source';

let asked: string[] = [];
let revoked: string[] = [];
let status = 200;

globalThis.fetch = async (url) => {
  asked.push(String(url));
  return new Response('photo', { status });
};
URL.createObjectURL = () => `blob:${asked.length}`;
URL.revokeObjectURL = (url) => void revoked.push(url);

beforeEach(async () => {
  forgetPhoto();
  await Promise.resolve();
  [asked, revoked, status] = [[], [], 200];
});

test('a photo is loaded once for all its parts', async () => {
  const sources = await Promise.all([photoSource('a'), photoSource('a'), photoSource('a')]);
  assert.deepEqual(sources, ['blob:1', 'blob:1', 'blob:1']);
  assert.deepEqual(asked, ['/ocr/cheques/a/photo']);
});

test('the photo of another bill replaces it, and leaving a bill frees it', async () => {
  await photoSource('a');
  assert.equal(await photoSource('b'), 'blob:2');
  assert.deepEqual(revoked, ['blob:1']);
  forgetPhoto();
  await Promise.resolve();
  assert.deepEqual(revoked, ['blob:1', 'blob:2']);
});

test('a photo that could not be loaded is loaded again', async () => {
  status = 404;
  await assert.rejects(photoSource('a'));
  status = 200;
  assert.equal(await photoSource('a'), 'blob:2');
});

test('each photo of a bill is loaded once, and all are freed', async () => {
  await Promise.all([photoSource('a'), photoSource('a', 2), photoSource('a', 2)]);
  assert.deepEqual(asked, ['/ocr/cheques/a/photo', '/ocr/cheques/a/photo?page=2']);
  forgetPhoto();
  await Promise.resolve();
  assert.equal(revoked.length, 2);
});
