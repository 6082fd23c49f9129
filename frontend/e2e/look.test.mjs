import assert from 'node:assert/strict';
import { newestOrder, order, topUp, untilBalance, untilLive, untilStatus } from './actions.mjs';
import { stories } from './story.mjs';

const story = stories();

story('Russian browsers get Russian texts, and the chosen language is remembered', { language: 'ru' }, async ({ page }) => {
  await topUp(page, '1234,5');
  await untilBalance(page, 123450);
  await page.getByText('Вы пополнили баланс на 1 234,50 ₽.').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'ru');

  await page.getByRole('button', { name: 'Switch to English' }).click();
  await page.getByText('You added ₽1,234.50.').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.reload();
  await page.getByRole('heading', { name: 'New order' }).waitFor();
});

story('the theme follows the system until one is chosen', { colorScheme: 'dark' }, async ({ page }) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await paper();
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await paper();
  assert.notEqual(dark, light);

  await page.locator('[data-theme-switch]').click();
  await page.locator('[data-theme-switch]').click();
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  assert.equal(await paper(), dark);
  await page.reload();
  assert.equal(await paper(), dark, 'the choice is remembered');
});

for (const language of ['en', 'ru']) {
  const narrow = { viewport: { width: 360, height: 740 }, language };
  story(`nothing is wider than a phone in ${language}`, narrow, async ({ page }) => {
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(await overflow(), 0);
    await topUp(page, '999999999999.99');
    await untilBalance(page, '99999999999999');
    await order(page, '123456789012.34', 'A'.repeat(120));
    await untilStatus(newestOrder(page), 'PAID');
    assert.equal(await overflow(), 0);
    await newestOrder(page).locator('a').click();
    await page.locator('dialog dl').waitFor();
    assert.equal(
      await page.locator('dialog .body').evaluate((body) => body.scrollWidth - body.clientWidth),
      0,
    );
  });

  story(`what a thumb should hit is large enough in ${language}`, narrow, async ({ page }) => {
    await untilLive(page);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('button, select, .input, header a, footer a')]
        .map((element) => ({ name: element.textContent || element.id, box: element.getBoundingClientRect() }))
        .filter(({ box }) => box.height > 0 && box.height < 44)
        .map(({ name, box }) => `${name}: ${box.height}`),
    );
    assert.deepEqual(small, []);
  });
}
