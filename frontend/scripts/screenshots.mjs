// Drives the running system and writes pictures: wide and narrow, light and dark, English and Russian.
// Usage: npm run screenshots -- <folder>, with BASE_URL when the page is not on localhost:8080.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, newUser, open } from '../e2e/browser.mjs';
import { newestOrder, order, topUp, untilLive, untilStatus } from '../e2e/deeds.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('Usage: npm run screenshots -- <folder>');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const VIEWPORTS = { wide: { width: 1280, height: 900 }, narrow: { width: 360, height: 780 } };
// A short id looks better in a picture, and is still unlikely to be taken.
const USERS = 100_000;
const ORDERS = {
  en: [
    ['240', 'Coffee beans, 2 kg'],
    ['1 490,50', 'Team lunch on Friday'],
    ['9900', 'Standing desk'],
    ['320', ''],
  ],
  ru: [
    ['240', 'Кофе в зёрнах, 2 кг'],
    ['1 490,50', 'Обед на команду в пятницу'],
    ['9900', 'Стол для работы стоя'],
    ['320', ''],
  ],
};

const browser = await launch();
try {
  for (const language of ['en', 'ru']) {
    for (const theme of ['light', 'dark']) {
      for (const [size, viewport] of Object.entries(VIEWPORTS)) {
        await tour(`${size}-${theme}-${language}`, { language, viewport, colorScheme: theme });
      }
    }
  }
} finally {
  await browser.close();
}

async function tour(name, options) {
  const { context, page } = await open(browser, { ...options, user: newUser() % USERS });
  const shot = (what) => page.screenshot({ path: join(folder, `${name}-${what}.png`) });
  const whole = (what) =>
    page.screenshot({ path: join(folder, `${name}-${what}.png`), fullPage: true });

  await untilLive(page);
  await page.locator('#orders, .empty').first().waitFor();
  await whole('1-empty');

  await topUp(page, '5000');
  await page.locator('[data-balance]').waitFor({ state: 'attached' });
  for (const [amount, description] of ORDERS[options.language]) {
    await order(page, amount, description);
    await untilStatus(newestOrder(page), amount === '9900' ? 'FAILED' : 'PAID');
  }
  // No waiting: with luck the picture shows an order on its way.
  await order(page, '75', '');
  await page.locator('#new-order-amount').fill('12 000');
  await whole('2-home');

  await page.locator('#orders > li:has([data-status="FAILED"]) a').click();
  await page.locator('dialog dl').waitFor();
  await shot('3-order');
  await page.keyboard.press('Escape');

  await page.locator('a[href="#/statement"]').click();
  await page.locator('section li').first().waitFor();
  await page.locator('#new-order-amount').fill('499.999');
  await page.locator('#new-order-amount').press('Enter');
  await whole('4-statement');
  await context.close();
  console.log(name);
}
