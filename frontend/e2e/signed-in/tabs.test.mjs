// Tests of several tabs of one user, where the browser has no locks: on plain HTTP from another machine.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { untilLive } from '../actions.mjs';
import { BASE_URL, launch, open } from '../browser.mjs';
import { attemptFrom } from './from-address.mjs';

const TABS = 3;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Lets the refreshes of all tabs reach the gateway only together. Returns the statuses of all answers. */
async function refreshTogether(context) {
  const statuses = [];
  let waiting = 0;
  let release;
  const together = new Promise((resolve) => (release = resolve));
  await context.route('**/users/refresh', async (route) => {
    waiting += 1;
    if (waiting >= TABS) release();
    await together;
    await route.continue();
  });
  context.on('response', (response) => {
    if (new URL(response.url()).pathname === '/users/refresh') statuses.push(response.status());
  });
  return statuses;
}

test('three tabs that refresh at once without navigator.locks all stay signed in', async () => {
  const { context, page, complaints } = await open(browser);
  await attemptFrom(context, '127.0.0.13');
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await page.getByLabel('Login', { exact: true }).fill(`tabs${Date.now().toString(36)}`);
  await page.getByLabel('Password', { exact: true }).fill('correct horse');
  await page.getByRole('button', { name: 'Register and sign in' }).click();
  await untilLive(page);

  await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  const statuses = await refreshTogether(context);
  const tabs = [page, await context.newPage(), await context.newPage()];
  const load = (tab) => (tab === page ? tab.reload() : tab.goto(BASE_URL));
  await Promise.all(tabs.map(load));
  await Promise.all(tabs.map(untilLive));
  for (const tab of tabs) {
    assert.equal(await tab.evaluate(() => navigator.locks), undefined);
    await tab.getByRole('button', { name: 'Sign out' }).waitFor();
  }
  assert.ok(statuses.filter((status) => status === 401).length >= TABS - 1, `no two tabs sent one token: ${statuses}`);
  assert.equal(statuses.filter((status) => status === 200).length, TABS, `each tab got tokens: ${statuses}`);

  // The session goes on: each tab still refreshes with what the last one stored.
  for (const tab of tabs) {
    await tab.reload();
    await untilLive(tab);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});
