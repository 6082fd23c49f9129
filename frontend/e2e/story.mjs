// A test with its own page, which must not have logged errors by the end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.mjs';
import { untilLive } from './actions.mjs';

/** Returns `story(claim, options?, body)`; the tests of one file share the browser. */
export function stories() {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  return (claim, options, body) =>
    test(claim, async () => {
      const opened = await open(browser, options);
      try {
        await untilLive(opened.page);
        await body(opened);
        assert.deepEqual(opened.complaints, []);
      } finally {
        await opened.context.close();
      }
    });
}
