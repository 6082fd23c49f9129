import assert from 'node:assert/strict';
import { newestOrder, untilBalance, untilStatus } from './actions.mjs';
import { stories } from './story.mjs';

const story = stories();

const focused = (page) => page.evaluate(() => document.activeElement?.id);

story('everything can be done without a mouse', {}, async ({ page }) => {
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'main', 'the skip link leads to the content');

  await page.keyboard.press('t');
  assert.equal(await focused(page), 'top-up-amount');
  await page.keyboard.type('100');
  await page.keyboard.press('Enter');
  await untilBalance(page, 10000);

  await page.locator('#top-up-amount').blur();
  await page.keyboard.press('n');
  assert.equal(await focused(page), 'new-order-amount');
  await page.keyboard.type('25.5');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Stamps: n, t and / are only letters here');
  await page.keyboard.press('Enter');
  await untilStatus(newestOrder(page), 'PAID');

  await page.locator('#new-order-description').blur();
  await page.keyboard.press('/');
  assert.equal(await focused(page), 'orders-filter');
});

story('an order opens by Enter, keeps the focus, closes by Esc and restores the focus', {}, async ({ page }) => {
  await page.keyboard.press('n');
  await page.keyboard.type('3');
  await page.keyboard.press('Enter');
  await untilStatus(newestOrder(page), 'FAILED');

  await newestOrder(page).locator('a').focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog dl').waitFor();
  assert.match(page.url(), /#\/orders\//);
  for (let step = 0; step < 8; step += 1) {
    await page.keyboard.press('Tab');
    // The focus may also be on the browser's own controls, which count as body.
    const inside = await page.evaluate(() => {
      const { activeElement } = document;
      return activeElement === document.body || activeElement.closest('dialog') !== null;
    });
    assert.ok(inside, 'the focus stays in the drawer');
  }
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.ok(await newestOrder(page).locator('a').evaluate((link) => link === document.activeElement));
});

story('the help lists the shortcuts', {}, async ({ page }) => {
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
});
