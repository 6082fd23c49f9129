// Where people sign in: the way from a password to a paid order, and back out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { launch, open } from '../browser.mjs';
import { BALANCED, goOnToShare, joinAsGuest, photographCheque, tapLine, untilDue, untilTaken } from '../cheque-deeds.mjs';
import { newestOrder, order, topUp, untilBalance, untilLive, untilStatus } from '../deeds.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

// Registered once: users-service counts tries of passwords by address.
const login = `anna${Date.now().toString(36)}`;
const password = 'correct horse';

async function fill(page, name, secret) {
  await page.getByLabel('Login', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(secret);
}

test('somebody registers, pays an order, stays signed in, and signs out', async () => {
  const { context, page, complaints } = await open(browser);
  await page.getByRole('heading', { name: 'Sign in to Chipin' }).waitFor();
  await page.getByRole('button', { name: 'Register', exact: true }).click();
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
  await page.locator('[data-connection="live"]').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Operations' }).count(), 0);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to Chipin' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in to Chipin' }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a wrong password is said kindly, and the right one signs in', async () => {
  const { context, page } = await open(browser);
  await fill(page, login, 'another password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).last().click();
  await page.getByText('There is no such login, or the password is another one.').waitFor();
  await fill(page, login, password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).last().click();
  await untilBalance(page, 30010);
  await context.close();
});

test('an administrator for trying it out sees operations', async () => {
  const { context, page } = await open(browser);
  await page.getByRole('button', { name: 'admin', exact: true }).click();
  await page.getByRole('link', { name: 'Operations' }).click();
  await page.getByText('orders-service').first().waitFor();
  await context.close();
});

test('a guest of a cheque registers to pay, and keeps what they took', async () => {
  // The stories before have tried passwords from this address too, and five a minute are allowed.
  await pause(40_000);
  const owner = await open(browser);
  await owner.page.getByRole('button', { name: 'anna', exact: true }).click();
  await untilLive(owner.page);
  await photographCheque(owner.page, BALANCED);
  const link = await goOnToShare(owner.page);

  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(link);
  await joinAsGuest(page, 'Vera');
  await tapLine(page, 3);
  await untilTaken(page, 3);
  await untilDue(page, 45000);

  await page.getByRole('button', { name: 'Pay ₽450' }).click();
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await fill(page, `vera${Date.now().toString(36)}`, password);
  await page.getByRole('button', { name: 'Register and sign in' }).click();
  await owner.page.locator('[data-participant="2"]').getByText('Guest').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await untilTaken(page, 3);
  await untilDue(page, 45000);
  await page.getByRole('button', { name: 'Pay ₽450' }).click();
  await page.locator('[data-pay="failed"]').waitFor();
  await page.getByRole('button', { name: 'Top up' }).click();
  await page.getByRole('button', { name: /Pay ₽450.* again/ }).click();
  await page.locator('[data-pay="paid"]').waitFor();
  assert.deepEqual(owner.complaints, []);
  await Promise.all([owner.context.close(), context.close()]);
});
