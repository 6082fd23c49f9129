// Tests of sign-in. They build on each other, because the limit is five password attempts per minute and
// address, and these are five.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from '../browser.mjs';
import {
  BALANCED,
  continueToShare,
  joinAsGuest,
  photographCheque,
  toggleLine,
  untilDue,
  untilTaken,
} from '../cheque-actions.mjs';
import { newestOrder, order, topUp, untilBalance, untilLive, untilStatus } from '../actions.mjs';

const login = `anna${Date.now().toString(36)}`;
const password = 'correct horse';

let browser;
let anna;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function fill(page, name, secret) {
  await page.getByLabel('Login', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(secret);
}

async function untilAtTheDoor(page) {
  await page.getByRole('heading', { name: 'Sign in to Chipin' }).waitFor();
}

test('a new user registers, pays an order, and stays signed in', async () => {
  anna = await open(browser);
  const { page } = anna;
  await untilAtTheDoor(page);
  // Hidden, and known to password managers.
  const field = page.getByLabel('Password', { exact: true });
  assert.equal(await field.getAttribute('type'), 'password');
  assert.equal(await field.getAttribute('autocomplete'), 'current-password');
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  assert.equal(await field.getAttribute('autocomplete'), 'new-password');
  await fill(page, login, 'short');
  await page.getByRole('button', { name: 'Register and sign in' }).click();
  await page.getByText('A password has 8 to 200 characters.').waitFor();
  await fill(page, login, password);
  await page.getByRole('button', { name: 'Register and sign in' }).click();

  await topUp(page, '500');
  await untilBalance(page, 50000);
  await order(page, '199,90', 'Team lunch');
  await untilStatus(newestOrder(page), 'PAID');

  await page.reload();
  await untilBalance(page, 30010);
  await untilLive(page);
});

test('a regular user cannot open the operations page, not even by its URL', async () => {
  const { page } = anna;
  assert.equal(await page.getByRole('link', { name: 'Operations' }).count(), 0);
  await page.evaluate(() => (location.hash = '#/operations'));
  await untilBalance(page, 30010);
  assert.equal(await page.getByText('orders-service').count(), 0);
  await page.evaluate(() => (location.hash = '#/'));
});

test('a wrong password is reported; an administrator can open the operations page', async () => {
  const { context, page, complaints } = await open(browser);
  await fill(page, login, 'another password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).last().click();
  await page.getByText('There is no such login, or the password is another one.').waitFor();
  await page.getByRole('button', { name: 'admin', exact: true }).click();
  await page.getByRole('link', { name: 'Operations' }).click();
  await page.getByText('orders-service').first().waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a guest of a cheque registers to pay, and keeps the claims', async () => {
  await photographCheque(anna.page, BALANCED);
  const link = await continueToShare(anna.page);

  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(link);
  await joinAsGuest(page, 'Vera');
  await toggleLine(page, 3);
  await untilTaken(page, 3);
  await untilDue(page, 45000);

  await page.getByRole('button', { name: 'Pay ₽450' }).click();
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await fill(page, `vera${Date.now().toString(36)}`, password);
  await page.getByRole('button', { name: 'Register and sign in' }).click();
  await anna.page.locator('[data-participant="2"]').getByText('Guest').waitFor({ state: 'detached' });
  await untilTaken(page, 3);
  await untilDue(page, 45000);
  await page.getByRole('button', { name: 'Pay ₽450' }).click();
  await page.locator('[data-pay="failed"]').waitFor();
  await page.getByRole('button', { name: 'Top up' }).click();
  await page.getByRole('button', { name: /Pay ₽450.* again/ }).click();
  await page.locator('[data-pay="paid"]').waitFor();

  // On another cheque, a signed-in user joins with their account and needs to enter nothing.
  await anna.page.goto(new URL('/', anna.page.url()).href);
  await untilLive(anna.page);
  await photographCheque(anna.page, BALANCED);
  await page.goto(await continueToShare(anna.page));
  await page.locator('#join-name').fill('Vera');
  await page.getByRole('button', { name: /^Join as vera/ }).click();
  await toggleLine(page, 3);
  await untilDue(page, 45000);
  await page.getByRole('button', { name: 'Pay ₽450' }).click();
  await page.locator('[data-pay="failed"]').waitFor();
  await context.close();
});

test('signing out in one tab signs out all tabs and removes the data', async () => {
  const { context, page, complaints } = anna;
  await page.goto(new URL('/', page.url()).href);
  await untilBalance(page, 75010);
  const second = await context.newPage();
  await second.goto(page.url());
  await untilLive(second);

  await second.getByRole('button', { name: 'Sign out' }).click();
  for (const tab of [page, second]) {
    await untilAtTheDoor(tab);
    await tab.reload();
    await untilAtTheDoor(tab);
    assert.equal(await tab.getByText('Team lunch').count(), 0);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});
