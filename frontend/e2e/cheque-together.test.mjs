import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, newUser, open } from './browser.mjs';
import {
  BALANCED,
  DINNER,
  continueToShare,
  joinAsGuest,
  line,
  photographCheque,
  toggleLine,
  untilDue,
  untilTaken,
} from './cheque-actions.mjs';
import { untilBalance, untilLive } from './actions.mjs';

/** Opens the link as a new visitor in a fresh browser context. */
async function openAnonymously(browser, link) {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(link);
  await untilLive(page);
  return { page, context, complaints };
}

test('two people share a cheque from its photo to the last kopeck', async () => {
  const browser = await launch();
  try {
    const owner = await open(browser);
    await untilLive(owner.page);
    await photographCheque(owner.page, DINNER);

    // After the review, 60 are missing, because the bread was not printed.
    await owner.page.locator('.verdict').getByText('₽60.00 missing').waitFor();
    const names = owner.page.locator('[data-review] .name textarea');
    assert.deepEqual(await names.evaluateAll((inputs) => inputs.map(({ value }) => value)), DINNER.lines.map(([name]) => name));
    await owner.page.getByRole('button', { name: 'Add a line' }).click();
    await owner.page.keyboard.type('Bread');
    await owner.page.locator('[data-review="new"] .total input').fill('60');
    await owner.page.locator('[data-balanced="true"]').waitFor();
    const link = await continueToShare(owner.page);

    // A friend without an account.
    const friend = await openAnonymously(browser, link);
    await friend.page.getByText('₽1,500.00').first().waitFor();
    await joinAsGuest(friend.page, 'Borya');
    await owner.page.locator('[data-participant="2"]').getByText('Borya').waitFor();

    // Each claims half of the pizza, and the other one sees it live.
    await line(friend.page, 1).locator('.part').click();
    await line(friend.page, 1).getByRole('button', { name: '1/2', exact: true }).click();
    await untilDue(friend.page, 34500);
    await line(owner.page, 1).getByText('Borya').waitFor();
    await owner.page.locator('#log').getByText('Borya took Pizza Margherita 1/2.').waitFor();
    await toggleLine(owner.page, 1);
    await untilTaken(owner.page, 1);
    await untilDue(owner.page, 34500);

    // Both claim the lemonade at the same time: one gets it, and both pages show who.
    await Promise.all([toggleLine(owner.page, 2), toggleLine(friend.page, 2)]);
    const takers = (page) => line(page, 2).locator('.chip').count();
    await owner.page.waitForFunction(() => document.querySelectorAll('[data-line="2"] .chip').length === 1);
    await friend.page.waitForFunction(() => document.querySelectorAll('[data-line="2"] .chip').length === 1);
    assert.equal((await takers(owner.page)) + (await takers(friend.page)), 2);
    const friendHasIt = (await line(friend.page, 2).locator('.take').getAttribute('aria-pressed')) === 'true';
    if (!friendHasIt) {
      await toggleLine(owner.page, 2);
      await line(friend.page, 2).locator('.take[aria-disabled="false"]').waitFor();
      await toggleLine(friend.page, 2);
    }
    await untilDue(friend.page, 64500);

    // The owner claims the rest; nothing is left.
    await toggleLine(owner.page, 3);
    await untilTaken(owner.page, 3);
    await toggleLine(owner.page, 4);
    for (const { page } of [owner, friend]) await page.getByText('Everything is taken').waitFor();

    // A tip of ten percent is computed from the claimed lines.
    await owner.page.getByRole('button', { name: '10%' }).click();
    await untilDue(friend.page, 70950);
    await friend.page.locator('button.due').click();
    await friend.page.locator('.tally dl').getByText('₽64.50').waitFor();

    // Paying requires an account: the guest signs in and keeps the claims.
    const friendId = newUser();
    await friend.page.getByRole('button', { name: 'Pay ₽709.50' }).click();
    await friend.page.locator('#sign-in-user').fill(String(friendId));
    await friend.page.locator('#sign-in-user').press('Enter');
    await owner.page.locator('[data-participant="2"]').getByText('Guest').waitFor({ state: 'detached' });
    await untilDue(friend.page, 70950);

    // The balance is too low; the missing amount is added right there.
    await friend.page.getByRole('button', { name: 'Pay ₽709.50' }).click();
    await friend.page.locator('[data-pay="failed"]').waitFor();
    await owner.page.locator('#log').getByText('The payment of Borya did not go through.').waitFor();
    assert.equal(await friend.page.locator('#missing-amount').inputValue(), '709.50');
    await friend.page.getByRole('button', { name: 'Top up' }).click();
    await friend.page.getByRole('button', { name: 'Pay ₽709.50 again' }).click();
    await friend.page.locator('[data-pay="paid"]').waitFor();
    await owner.page.locator('[data-participant="2"][data-settlement="paid"]').waitFor();
    for (const { page } of [owner, friend]) await page.locator('section').getByText('Settled').first().waitFor();

    await owner.page.goto(new URL('/', owner.page.url()).href);
    await untilBalance(owner.page, 70950);
    await owner.page.getByRole('link', { name: 'Cheques' }).click();
    await owner.page.locator('#cheques').getByText('Settled').waitFor();
    assert.deepEqual([...owner.complaints, ...friend.complaints], []);
  } finally {
    await browser.close();
  }
});

test('a guest is the same guest after a reload, and a second user joins with their account', async () => {
  const browser = await launch();
  try {
    const owner = await open(browser);
    await untilLive(owner.page);
    await photographCheque(owner.page, BALANCED);
    const link = await continueToShare(owner.page);

    const guest = await openAnonymously(browser, link);
    await joinAsGuest(guest.page, 'Vera');
    await toggleLine(guest.page, 3);
    await untilTaken(guest.page, 3);
    await guest.page.reload();
    await untilTaken(guest.page, 3);

    const user = await openAnonymously(browser, link);
    await user.page.getByRole('button', { name: 'Rather as a user' }).click();
    await user.page.locator('#join-name').fill('Gleb');
    await user.page.locator('#join-user').fill(String(newUser()));
    await user.page.getByRole('button', { name: 'Join as this user' }).click();
    await user.page.locator('#join-name').waitFor({ state: 'detached' });
    for (const { page } of [owner, guest, user]) await page.getByText('3 people', { exact: true }).waitFor();

    // Cash is paid in person; the owner records it.
    const vera = owner.page.locator('[data-participant="2"]');
    await vera.getByRole('button', { name: 'Vera paid in cash' }).click();
    await vera.getByRole('button', { name: 'Yes, paid' }).click();
    await guest.page.locator('[data-pay="cash"]').waitFor();
    await owner.page.getByText('Somebody has paid already: this stays as it is.').waitFor();
    assert.deepEqual([...owner.complaints, ...guest.complaints, ...user.complaints], []);
  } finally {
    await browser.close();
  }
});
