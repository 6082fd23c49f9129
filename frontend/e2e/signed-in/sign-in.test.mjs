// Where people sign in: the way from a password to a paid order, and back out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from '../browser.mjs';
import { newestOrder, order, topUp, untilBalance, untilStatus } from '../deeds.mjs';

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
