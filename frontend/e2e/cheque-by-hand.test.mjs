// Bills without a photo, and bills with several.
import assert from 'node:assert/strict';
import { drawCheque, photographCheque } from './cheque-actions.mjs';
import { stories } from './story.mjs';

const story = stories();
const FIRST = {
  lines: [
    ['Pizza Margherita', 1, '690.00', '690.00'],
    ['Lemonade', 2, '150.00', '300.00'],
  ],
  total: '',
};
const SECOND = {
  lines: [
    ['Lemonade', 2, '150.00', '300.00'],
    ['Carbonara', 1, '450.00', '450.00'],
  ],
  total: '1440.00',
};

story('a bill is typed with the keyboard alone and shared', {}, async ({ page }) => {
  await page.locator('a[href="#/cheques/by-hand"]').first().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'A cheque by hand' }).waitFor();
  await page.locator('.line textarea').first().focus();
  await page.keyboard.type('Soup');
  for (let press = 0; press < 3; press += 1) await page.keyboard.press('Tab');
  await page.keyboard.type('7.50');
  await page.locator('#add-line').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('Bread');
  for (let press = 0; press < 3; press += 1) await page.keyboard.press('Tab');
  await page.keyboard.type('2');
  await page.getByText('The lines make').waitFor();
  await page.getByRole('button', { name: 'Share it' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/small-router\/\w{22}$/);
  await page.locator('#cheque-total').getByText('9', { exact: false }).first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Photo', exact: true }).count(), 0, 'it has no photo');
});

story('a bill with only a total is divided equally', {}, async ({ page }) => {
  await page.goto(new URL('/#/cheques/by-hand', page.url()).href);
  await page.locator('#extra-total_account').fill('100');
  await page.getByText('₽100.00, divided equally.').waitFor();
  await page.getByRole('button', { name: 'Share it' }).click();
  await page.waitForURL(/\/small-router\/\w{22}$/);
  await page.locator('#cheque-total').waitFor();
});

story('a second photo completes a long bill', {}, async ({ page }) => {
  await photographCheque(page, FIRST);
  await page.getByRole('button', { name: 'Add a photo' }).click();
  const buffer = await drawCheque(page, SECOND);
  await page.locator('#further-file').setInputFiles({ name: 'second.png', mimeType: 'image/png', buffer });
  await page.getByRole('dialog').waitFor({ state: 'detached', timeout: 90_000 });
  await page.locator('[data-balanced="true"]').waitFor();
  assert.equal(await page.locator('[data-review]').count(), 3, 'the lemonade is on both photos');
  await page.getByRole('button', { name: 'Photo 2' }).click();
  assert.equal(await page.getByRole('button', { name: 'Photo 2' }).getAttribute('aria-pressed'), 'true');
});
