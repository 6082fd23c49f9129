// Takes screenshots of the running system: wide and narrow, light and dark, English and Russian.
// Usage: npm run screenshots -- <folder>, with BASE_URL if the page is not on localhost:8080.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { payUnknownOrder } from '../e2e/broker.mjs';
import { launch, newUser, open } from '../e2e/browser.mjs';
import {
  choosePicture,
  drawCheque,
  continueToShare,
  joinAsGuest,
  line,
  toggleLine,
  untilTaken,
} from '../e2e/cheque-actions.mjs';
import { newestOrder, order, topUp, untilLive, untilStatus } from '../e2e/actions.mjs';
import { openLetter } from '../e2e/operations-actions.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('Usage: npm run screenshots -- <folder>');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

const VIEWPORTS = { wide: { width: 1280, height: 900 }, narrow: { width: 360, height: 780 } };
// A short id looks better on a screenshot, and is still unlikely to be in use.
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

const CHEQUES = {
  en: {
    lines: [
      ['Pizza Margherita', 1, '690.00', '690.00'],
      ['Carbonara', 2, '545.00', '1090.00'],
      ['Lemonade', 3, '210.00', '630.00'],
      ['Caesar salad', 1, '590.00', '590.00'],
    ],
    total: '3000.00',
  },
  ru: {
    lines: [
      ['Пицца Маргарита', 1, '690.00', '690.00'],
      ['Паста карбонара', 2, '545.00', '1090.00'],
      ['Лимонад', 3, '210.00', '630.00'],
      ['Салат Цезарь', 1, '590.00', '590.00'],
    ],
    total: '3000.00',
  },
};
const NAMES = { en: ['Anna', 'Boris'], ru: ['Аня', 'Боря'] };

const browser = await launch();
try {
  for (const language of ['en', 'ru']) {
    for (const theme of ['light', 'dark']) {
      for (const [size, viewport] of Object.entries(VIEWPORTS)) {
        const name = `${size}-${theme}-${language}`;
        await tour(name, { language, viewport, colorScheme: theme });
        await chequeTour(name, { language, viewport, colorScheme: theme });
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
  // Does not wait, so that the screenshot may show an order that is still pending.
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

  const { id } = await payUnknownOrder();
  await page.goto(new URL('/#/operations', page.url()).href);
  await page.locator(`[data-letter="${id}"]`).waitFor();
  await whole('16-operations');
  await openLetter(page, id);
  await shot('17-dead-letter');
  await page.locator('dialog .discard').click();
  await page.locator('dialog .buttons .discard').click();
  await page.locator('dialog [data-letter-state="discarded"]').waitFor();
  await context.close();
  console.log(name);
}

async function chequeTour(name, options) {
  const [anna, boris] = NAMES[options.language];
  const { context, page } = await open(browser, { ...options, user: newUser() % USERS });
  const shot = (of, what) => of.screenshot({ path: join(folder, `${name}-${what}.png`) });
  await untilLive(page);
  const picture = await drawCheque(page, CHEQUES[options.language]);
  await page.locator('a[href="#/cheques/new"]').first().click();
  await shot(page, '5-capture');
  await choosePicture(page, 'cheque.png', 'image/png', picture);
  await page.locator('progress').waitFor();
  await shot(page, '6-reading');
  await page.locator('[data-review]').first().waitFor({ timeout: 90_000 });
  await page.locator('.photo img').evaluate((image) => image.decode());

  // The waiter forgot the bread; the owner adds it, and the cheque no longer adds up.
  await page.locator('#extra-total_account').fill('3060');
  await page.locator('[data-review="2"] textarea').focus();
  await shot(page, '7-review');
  const narrow = await page.locator('.toggle').isVisible();
  if (narrow) {
    await page.locator('.toggle').click();
    await page.locator('[data-review="3"] textarea').focus();
    await shot(page, '7-review-photo');
  }
  await page.locator('#extra-total_account').fill('3000');
  await page.locator('.verdict .primary').click();
  const dialog = page.locator('dialog[open]');
  await dialog.locator('svg[role="img"]').waitFor();
  await dialog.locator('#own-name').fill(anna);
  await dialog.locator('#own-name').press('Enter');
  await dialog.locator('#own-name').waitFor({ state: 'detached' });
  await shot(page, '8-share');
  const link = await dialog.locator('input[readonly]').inputValue();
  await page.keyboard.press('Escape');

  const { viewport, colorScheme, language } = options;
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB';
  const friend = await browser.newContext({ viewport, colorScheme, locale, reducedMotion: 'reduce' });
  const other = await friend.newPage();
  await other.goto(link);
  await other.locator('#join-name').waitFor();
  await shot(other, '9-join');
  await joinAsGuest(other, boris);
  await toggleLine(other, 1);
  await untilTaken(other, 1);
  await line(other, 2).locator('.part').click();
  await shot(other, '10-part');
  await line(other, 2).locator('.presets button').nth(1).click();
  await page.locator('[data-line="2"] .chip').waitFor();
  await toggleLine(page, 2);
  await toggleLine(page, 3);
  await untilTaken(page, 3);
  await page.locator('.choices button').nth(1).click();
  await page.locator('.choices [aria-pressed="true"]:nth-child(2)').waitFor();
  await page.locator('button.due').click();
  await page.locator('.tally dd').first().waitFor();
  await shot(page, '11-table');
  await toggleLine(page, 4);
  await untilTaken(page, 4);

  await other.locator('.pay .primary').click();
  await other.locator('#sign-in-user').fill(String(newUser() % USERS));
  await other.locator('#sign-in-user').press('Enter');
  await other.locator('#sign-in-user').waitFor({ state: 'detached' });
  await other.locator('.pay .go').click();
  await other.locator('#missing-amount').waitFor();
  await shot(other, '12-missing');
  await other.locator('.pay form .primary').click();
  await other.locator('.enough .primary').click();
  await other.locator('[data-pay="paid"]').waitFor();
  await shot(other, '13-paid');
  await shot(page, '14-settled');
  await page.goto(new URL('/#/cheques', page.url()).href);
  await page.locator('#cheques').waitFor();
  await page.screenshot({ path: join(folder, `${name}-15-cheques.png`), fullPage: true });
  await friend.close();
  await context.close();
  console.log(`${name} cheque`);
}
