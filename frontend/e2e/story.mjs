// A story: a test with a page of its own that must not have complained by its end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.mjs';
import { untilLive } from './deeds.mjs';

/** Returns `story(claim, options?, body)`; the browser is shared by the stories of one file. */
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
