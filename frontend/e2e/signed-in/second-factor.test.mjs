// Tests of the second step of signing in, with an authenticator app.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { untilLive } from '../actions.mjs';
import { launch, open } from '../browser.mjs';
import { attemptFrom } from './from-address.mjs';

const STEP_SECONDS = 30;
const login = `second${Date.now().toString(36)}`;
const password = 'correct horse';

let browser;
let secret;
let recoveryCodes;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** The code of an authenticator app, `steps` from now. Source: RFC 6238. */
function codeOf(base32, steps = 0) {
  const bits = [...base32].map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0'));
  const key = Buffer.from(bits.join('').match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / STEP_SECONDS) + steps));
  const tag = createHmac('sha1', key).update(step).digest();
  const word = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff;
  return String(word % 1_000_000).padStart(6, '0');
}

/** A visitor whose password attempts come from an address of their own. */
async function visit(address) {
  const visitor = await open(browser, { path: '/' });
  await attemptFrom(visitor.context, address);
  return visitor;
}

async function fill(page) {
  await page.getByLabel('Login', { exact: true }).fill(login);
  await page.getByLabel('Password', { exact: true }).fill(password);
}

async function signIn(page) {
  await fill(page);
  await page.getByRole('button', { name: 'Sign in', exact: true }).last().click();
}

function dialogOf(page) {
  return page.getByRole('dialog', { name: 'Second sign-in step' });
}

async function openDialog(page) {
  await page.getByRole('button', { name: 'Second sign-in step' }).click();
  return dialogOf(page);
}

test('a user turns the second step on with a code of the app, and keeps the recovery codes', async () => {
  const { context, page, complaints } = await visit('127.0.0.11');
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await fill(page);
  await page.getByRole('button', { name: 'Register and sign in' }).click();
  await untilLive(page);

  const dialog = await openDialog(page);
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Continue' }).click();
  await dialog.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
  secret = await dialog.locator('[data-secret]').innerText();
  assert.match(secret, /^[A-Z2-7]{32}$/);
  await dialog.getByLabel('Code of the app').fill(codeOf(secret));
  await dialog.getByRole('button', { name: 'Turn on' }).click();

  await dialog.getByRole('button', { name: 'I’ve kept them' }).waitFor();
  recoveryCodes = await dialog.locator('ol code').allInnerTexts();
  assert.equal(new Set(recoveryCodes).size, 10);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('link', { name: 'Download' }).click(),
  ]);
  const parts = [];
  for await (const part of await download.createReadStream()) parts.push(part);
  assert.equal(Buffer.concat(parts).toString(), `${recoveryCodes.join('\n')}\n`);
  await dialog.getByRole('button', { name: 'I’ve kept them' }).click();
  await dialog.getByText('10 recovery codes are left.').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the password alone does not sign in; a code of the app does, and a recovery code turns the step off', async () => {
  const { context, page, complaints } = await visit('127.0.0.12');
  await signIn(page);
  const code = page.getByLabel('Code of the app');
  await code.waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign out' }).count(), 0);
  assert.equal(await page.evaluate(() => localStorage.getItem('chipin.refresh')), null);
  const wrong = codeOf(secret, 1) === '000000' ? '000001' : '000000';
  await code.fill(wrong);
  await code.press('Enter');
  await page.getByText('This code is wrong, expired, or was used before.').waitFor();
  // That of the next step: the one of this step was used for turning on.
  await code.fill(codeOf(secret, 1));
  await code.press('Enter');
  await untilLive(page);
  await page.reload();
  await untilLive(page);

  const dialog = await openDialog(page);
  await dialog.getByRole('button', { name: 'Turn off' }).click();
  await dialog.getByLabel('Password').fill(password);
  await dialog.getByRole('button', { name: 'Use a recovery code' }).click();
  await dialog.getByLabel('Recovery code').fill(recoveryCodes[0]);
  await dialog.getByRole('button', { name: 'Turn off' }).click();
  // The session of the first test goes on; after the change it can be ended.
  await dialog.getByText('You are also signed in at one other place').waitFor();
  await dialog.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await dialog.getByRole('button', { name: 'Continue' }).waitFor();
  const listed = page.waitForResponse('**/users/sessions');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Where I’m signed in' }).click();
  assert.equal((await (await listed).json()).sessions.length, 1);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn(page);
  await untilLive(page);
  assert.deepEqual(complaints, []);
  await context.close();
});
