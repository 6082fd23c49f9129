// Tests of the page for administrators. Tries of passwords are limited to five a minute and address, and the tests of
// sign-in have used them, so each try is repeated until it is accepted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from '../browser.mjs';

// The demo users keep their password, because other tests sign in with it.
const PASSWORD = 'chipin-demo';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function tryUntil(button, done) {
  const deadline = Date.now() + 90_000;
  for (;;) {
    await button.click();
    const isDone = await done.waitFor({ timeout: 5_000 }).then(
      () => true,
      () => false,
    );
    if (isDone) return;
    assert.ok(Date.now() < deadline, 'no try was accepted');
  }
}

test('an administrator hands over a link, with which the user sets a password; both are in the audit trail', async () => {
  const { context, page, complaints } = await open(browser);
  await tryUntil(
    page.getByRole('button', { name: 'admin', exact: true }),
    page.getByRole('link', { name: 'Administration' }),
  );
  await page.getByRole('link', { name: 'Administration' }).click();
  const boris = page.locator('[data-user="boris"]');
  await boris.getByRole('button', { name: 'Block', exact: true }).click();
  await boris.getByText('Blocked').waitFor();
  await boris.getByRole('button', { name: 'Unblock' }).click();
  await boris.getByText('Blocked').waitFor({ state: 'detached' });
  await boris.getByRole('button', { name: 'New password…' }).click();
  const link = await page.locator('#reset-link').textContent();
  await page.getByRole('button', { name: 'Close' }).click();

  const other = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
  const visitor = await other.newPage();
  await visitor.goto(link);
  await visitor.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  assert.ok(!visitor.url().includes('new-password'), 'the token does not stay in the URL');
  await visitor.getByLabel('New password').fill(PASSWORD);
  await tryUntil(
    visitor.getByRole('button', { name: 'Set the password and sign in' }),
    visitor.getByRole('button', { name: 'Sign out' }),
  );
  assert.equal(await visitor.getByRole('link', { name: 'Administration' }).count(), 0);
  await other.close();

  await page.getByRole('link', { name: 'Audit trail' }).click();
  for (const kind of ['User blocked', 'User unblocked', 'Link for a new password issued', 'New password by link']) {
    await page.locator('#audit').getByText(kind).first().waitFor();
  }
  await page.getByLabel('Kind').selectOption('block');
  await page.locator('#audit li', { hasText: 'User unblocked' }).first().waitFor({ state: 'detached' });
  await page.locator('#audit li', { hasText: 'boris' }).first().waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});
