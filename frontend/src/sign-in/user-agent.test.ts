import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programName } from './user-agent';

test('a browser is named with its system', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  assert.equal(programName(chrome), 'Chrome, Linux');
  assert.equal(programName(`${chrome} Edg/140.0.0.0`), 'Edge, Linux');
  assert.equal(programName('Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0'), 'Firefox, Windows');
  const phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E Safari/604.1';
  assert.equal(programName(phone), 'Safari, iOS');
});

test('another program has its own name, and an unknown one none', () => {
  assert.equal(programName('curl/8.5.0'), 'curl');
  assert.equal(programName(''), null);
  assert.equal(programName(null), null);
});
