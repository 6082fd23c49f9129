// Tests of the page for administrators. Tries of passwords are limited to five a minute and address, so each visitor has an
// address of their own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from '../browser.mjs';
import { attemptFrom } from './from-address.mjs';

const login = `handed${Date.now().toString(36)}`;
const PASSWORD = 'correct horse';
const NEW_PASSWORD = 'battery staple';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A visitor whose password attempts come from an address of their own. */
async function visit(address, path = '/') {
  const visitor = await open(browser, { path: '/favicon.svg' });
  await attemptFrom(visitor.context, address);
  await visitor.page.goto(new URL(path, visitor.page.url()).href);
  return visitor;
}

test('an administrator hands over a link, with which the user sets a password; both are in the audit trail', async () => {
  const user = await visit('127.0.0.31');
  await user.page.getByRole('button', { name: 'Register', exact: true }).click();
  await user.page.getByLabel('Login', { exact: true }).fill(login);
  await user.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await user.page.getByRole('button', { name: 'Register and sign in' }).click();
  await user.page.getByRole('button', { name: 'Sign out' }).waitFor();
  await user.context.close();

  const { context, page, complaints } = await visit('127.0.0.32');
  await page.getByRole('button', { name: 'admin', exact: true }).click();
  await page.getByRole('link', { name: 'Administration' }).click();
  const row = page.locator(`[data-user="${login}"]`);
  await row.getByRole('button', { name: 'Block', exact: true }).click();
  await row.getByText('Blocked').waitFor();
  await row.getByRole('button', { name: 'Unblock' }).click();
  await row.getByText('Blocked').waitFor({ state: 'detached' });
  await row.getByRole('button', { name: 'New password…' }).click();
  const link = await page.locator('#reset-link').textContent();
  await page.getByRole('button', { name: 'Close' }).click();

  const other = await visit('127.0.0.33');
  const visitor = other.page;
  await visitor.goto(link);
  await visitor.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  assert.ok(!visitor.url().includes('new-password'), 'the token does not stay in the URL');
  await visitor.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
  await visitor.getByRole('button', { name: 'Set the password and sign in' }).click();
  await visitor.getByRole('button', { name: 'Sign out' }).waitFor();
  assert.equal(await visitor.getByRole('link', { name: 'Administration' }).count(), 0);
  await other.context.close();

  await page.getByRole('link', { name: 'Audit trail' }).click();
  for (const kind of ['User blocked', 'User unblocked', 'Link for a new password issued', 'New password by link']) {
    await page.locator('#audit').getByText(kind).first().waitFor();
  }
  await page.getByLabel('Kind').selectOption('block');
  await page.locator('#audit li', { hasText: 'User unblocked' }).first().waitFor({ state: 'detached' });
  await page.locator('#audit li', { hasText: login }).first().waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});
