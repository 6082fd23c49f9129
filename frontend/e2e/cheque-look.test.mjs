import assert from 'node:assert/strict';
import { assertClean } from './axe.mjs';
import {
  BALANCED,
  choosePicture,
  DINNER,
  drawCheque,
  continueToShare,
  joinAsGuest,
  line,
  overflow,
  photographCheque,
  toggleLine,
  untilTaken,
} from './cheque-actions.mjs';
import { untilLive } from './actions.mjs';
import { stories } from './story.mjs';

const story = stories();
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 360, height: 740 };

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of [WIDE, NARROW]) {
    const look = `${colorScheme}, ${viewport.width} px`;
    story(`axe finds nothing on any screen of a cheque (${look})`, { colorScheme, viewport }, async ({ page }) => {
      await page.locator('a[href="#/cheques/new"]').first().click();
      await page.locator('#cheque-file').waitFor({ state: 'attached' });
      await assertClean(page, 'taking a photo');
      await choosePicture(page, 'cheque.svg', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'));
      await page.getByRole('alert').waitFor();
      await assertClean(page, 'a refused file');
      await page.goto(new URL('/', page.url()).href);
      await untilLive(page);

      await photographCheque(page, DINNER);
      await page.locator('[data-review="1"] .name textarea').focus();
      await assertClean(page, 'review');
      await page.getByRole('button', { name: 'Confirm as it is' }).click();
      await page.getByRole('dialog').locator('svg[role="img"]').waitFor();
      await assertClean(page, 'share');
      const link = await page.getByRole('dialog').locator('input[readonly]').inputValue();
      await page.keyboard.press('Escape');

      const friend = await page.context().browser().newContext({ locale: 'en-GB', viewport, colorScheme, reducedMotion: 'reduce' });
      const other = await friend.newPage();
      await other.goto(link);
      await other.locator('#join-name').waitFor();
      await assertClean(other, 'join');
      await joinAsGuest(other, 'Eva');
      await line(other, 1).locator('.part').click();
      await assertClean(other, 'a part of a line');
      await toggleLine(other, 2);
      await untilTaken(other, 2);
      await other.locator('.pay .primary').click();
      await assertClean(other, 'signing in');
      await friend.close();

      await toggleLine(page, 1);
      await untilTaken(page, 1);
      await page.locator('button.due').click();
      await page.locator('label', { hasText: 'By shares' }).click();
      await page.locator('#part-of-1').waitFor();
      await assertClean(page, 'the common page');
      await page.getByRole('button', { name: 'Photo' }).click();
      await page.getByRole('dialog').waitFor();
      await assertClean(page, 'the photo');

      await page.goto(new URL('/#/cheques', page.url()).href);
      await page.locator('#cheques').waitFor();
      await assertClean(page, 'my cheques');
      await page.goto(new URL('/small-router/AAAAAAAAAAAAAAAAAAAAAA', page.url()).href);
      await page.locator('.empty').waitFor();
      await assertClean(page, 'no such cheque');
    });
  }
}

for (const language of ['en', 'ru']) {
  story(`a cheque is never wider than a phone in ${language}`, { viewport: NARROW, language }, async ({ page }) => {
    const small = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('main button, main select, main .input, main a.button')]
          .map((element) => ({ name: element.textContent || element.id, box: element.getBoundingClientRect() }))
          .filter(({ box }) => box.height > 0 && box.height < 40)
          .map(({ name, box }) => `${name}: ${box.height}`),
      );
    const picture = await drawCheque(page, BALANCED);
    await page.locator('a[href="#/cheques/new"]').first().click();
    assert.equal(await overflow(page), 0, 'taking a photo');
    await choosePicture(page, 'cheque.png', 'image/png', picture);
    await page.locator('progress').waitFor();
    assert.equal(await overflow(page), 0, 'reading');
    await page.locator('[data-review]').first().waitFor({ timeout: 90_000 });
    assert.equal(await overflow(page), 0, 'review');
    await page.locator('.toggle').click();
    await page.locator('[data-review="3"] .name textarea').focus();
    assert.equal(await overflow(page), 0, 'review with the photo');
    await continueToShare(page);
    assert.equal(await overflow(page), 0, 'common page');
    await line(page, 2).locator('.part').click();
    await page.locator('button.due').click();
    assert.equal(await overflow(page), 0, 'parts and breakdown');
    assert.deepEqual(await small(), []);
    await page.locator('input[value="exact"]').check({ force: true });
    assert.equal(await overflow(page), 0, 'exact sums');
  });
}
