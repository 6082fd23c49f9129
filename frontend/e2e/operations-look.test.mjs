import assert from 'node:assert/strict';
import { assertClean } from './axe.mjs';
import { payUnknownOrder } from './broker.mjs';
import { overflow } from './cheque-actions.mjs';
import { close, discardOpened, letter, openLetter, OPERATIONS, search } from './operations-actions.mjs';
import { stories } from './story.mjs';

const story = stories();
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 360, height: 740 };

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of [WIDE, NARROW]) {
    const look = `${colorScheme}, ${viewport.width} px`;
    story(`axe finds nothing in operations (${look})`, { colorScheme, viewport, path: OPERATIONS }, async ({ page }) => {
      const { id, orderId } = await payUnknownOrder();
      await page.locator('[data-breaker]').nth(3).waitFor();
      await search(page, orderId);
      await letter(page, id).waitFor();
      await assertClean(page, 'dead letters');
      await page.getByRole('button', { name: 'Replay all…' }).click();
      await page.getByRole('dialog').getByRole('listitem').waitFor();
      await assertClean(page, 'the question');
      await close(page);
      await openLetter(page, id);
      await assertClean(page, 'a dead letter');
      await discardOpened(page);
      await assertClean(page, 'a discarded letter');
      await close(page);
      await page.getByText('No dead letter matches').waitFor();
      await assertClean(page, 'no dead letters');
    });
  }
}

for (const language of ['en', 'ru']) {
  const narrow = { viewport: NARROW, language, path: OPERATIONS };
  story(`operations are never wider than a phone in ${language}`, narrow, async ({ page }) => {
    const small = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('main button, main select, main .input, dialog button, footer a')]
          .map((element) => ({ name: element.textContent || element.id, box: element.getBoundingClientRect() }))
          .filter(({ box }) => box.height > 0 && box.height < 44)
          .map(({ name, box }) => `${name}: ${box.height}`),
      );
    const { id, orderId } = await payUnknownOrder();
    await page.locator('[data-breaker]').nth(3).waitFor();
    await search(page, orderId);
    await letter(page, id).waitFor();
    assert.equal(await overflow(page), 0);
    assert.deepEqual(await small(), []);
    await openLetter(page, id);
    const body = page.locator('dialog .body');
    assert.equal(await body.evaluate((body) => body.scrollWidth - body.clientWidth), 0);
    assert.deepEqual(await small(), []);
    await page.locator('dialog .discard').click();
    await page.locator('dialog .discard').click();
    await page.locator('dialog [data-letter-state="discarded"]').waitFor();
  });
}
