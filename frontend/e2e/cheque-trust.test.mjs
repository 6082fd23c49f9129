// What is paid is what was agreed to; money comes back; people leave; edits of two tabs lose nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilLive } from './actions.mjs';
import { launch, newUser, open } from './browser.mjs';
import { BALANCED, continueToShare, joinAsGuest, photographCheque, toggleLine, untilDue, untilTaken } from './cheque-actions.mjs';
import { wire } from './wire.mjs';

/** Opens the link as a new user, who joins under a name. */
async function joinAsUser(browser, link, name) {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  const connection = await wire(page);
  let deaf = false;
  await page.route(/\/small-router\/[^/]+$/, (route) =>
    deaf && route.request().method() === 'GET' ? route.abort() : route.continue(),
  );
  await page.goto(link);
  await untilLive(page);
  await page.getByRole('button', { name: 'Rather as a user' }).click();
  await page.locator('#join-name').fill(name);
  await page.locator('#join-user').fill(String(newUser()));
  await page.getByRole('button', { name: 'Join as this user' }).click();
  await page.locator('#join-name').waitFor({ state: 'detached' });
  /** Whether the page gets no changes. */
  const setDeaf = async (now) => {
    deaf = now;
    if (now) await connection.cut(1006);
    else connection.mend();
  };
  return { context, page, complaints, setDeaf };
}

async function setLine(page, id, total) {
  const line = page.locator(`[data-review="${id}"]`);
  await line.locator('.price input').fill(total);
  await line.locator('.total input').fill(total);
  await page.locator('[data-review="2"] .quantity input').fill('1');
}

test('an edit while somebody pays is shown first, and a payment is given back', async () => {
  const browser = await launch();
  try {
    const owner = await open(browser);
    await untilLive(owner.page);
    await photographCheque(owner.page, BALANCED);
    const link = await continueToShare(owner.page);
    const friend = await joinAsUser(browser, link, 'Borya');
    await toggleLine(friend.page, 2);
    await untilDue(friend.page, 30000);

    // The friend's page does not get the edit.
    await friend.setDeaf(true);
    await owner.page.locator('a[href="#/review"]').click();
    await setLine(owner.page, 2, '500');
    await owner.page.locator('#extra-total_account').fill('1640');
    await owner.page.locator('[data-balanced="true"]').waitFor();
    await owner.page.getByRole('button', { name: 'Save and share' }).click();
    await owner.page.getByRole('dialog').waitFor();
    await owner.page.keyboard.press('Escape');
    await friend.page.getByRole('button', { name: 'Pay ₽300.00' }).click();
    await friend.page.getByText('Nothing was paid: you agreed to ₽300.00, and now ₽500.00 is due.').waitFor();
    await friend.setDeaf(false);

    await friend.page.getByRole('button', { name: 'Pay ₽500.00' }).click();
    await friend.page.locator('[data-pay="failed"]').waitFor();
    await friend.page.getByRole('button', { name: 'Top up' }).click();
    await friend.page.getByRole('button', { name: 'Pay ₽500.00 again' }).click();
    await friend.page.locator('[data-pay="paid"]').waitFor();
    const borya = owner.page.locator('[data-participant="2"]');
    await owner.page.locator('[data-participant="2"][data-settlement="paid"]').waitFor();

    await borya.getByRole('button', { name: 'More about Borya' }).click();
    await borya.getByRole('button', { name: 'Give ₽500.00 back' }).click();
    await borya.getByRole('button', { name: 'Transfer ₽500.00' }).click();
    await friend.page.locator('[data-pay="none"]').waitFor();
    await owner.page.locator('#log').getByText('Borya got ₽500.00 back.').waitFor();
    // Nothing is fixed any more: the friend gives the lemonade back and leaves.
    await toggleLine(friend.page, 2);
    await untilTaken(friend.page, 2, false);
    const self = friend.page.locator('[data-participant="2"]');
    await self.getByRole('button', { name: 'More about Borya' }).click();
    await self.getByRole('button', { name: 'Leave this bill' }).click();
    await self.getByRole('button', { name: 'Leave this bill' }).click();
    await friend.page.locator('#join-name').waitFor();
    await owner.page.locator('[data-participant="2"]').waitFor({ state: 'detached' });
    assert.deepEqual([...owner.complaints, ...friend.complaints], []);
  } finally {
    await browser.close();
  }
});

test('edits of different lines in two tabs both stay, of the same line they are shown side by side, and a closed bill takes nobody new', async () => {
  const browser = await launch();
  try {
    const one = await open(browser);
    await untilLive(one.page);
    await photographCheque(one.page, BALANCED);
    const link = await continueToShare(one.page);
    const two = await one.context.newPage();
    await two.goto(link);
    await untilLive(two);
    for (const page of [one.page, two]) await page.locator('a[href="#/review"]').click();
    await two.locator('[data-review="1"] .name textarea').fill('Pizza Diavola');
    await one.page.locator('[data-review="3"] .name textarea').fill('Lasagne');
    await one.page.getByRole('button', { name: 'Save and share' }).click();
    await one.page.getByRole('dialog').waitFor();
    await one.page.keyboard.press('Escape');
    await two.getByRole('button', { name: 'Save and share' }).click();
    await two.getByRole('dialog').waitFor();
    await two.keyboard.press('Escape');
    for (const page of [one.page, two]) {
      await page.locator('[data-line="1"]').getByText('Pizza Diavola').waitFor();
      await page.locator('[data-line="3"]').getByText('Lasagne').waitFor();
    }

    for (const page of [one.page, two]) await page.locator('a[href="#/review"]').click();
    await two.locator('[data-review="3"] .name textarea').fill('Ravioli');
    await two.locator('[data-review="2"] .name textarea').fill('Lemon juice');
    await one.page.locator('[data-review="3"] .name textarea').fill('Tagliatelle');
    await one.page.getByRole('button', { name: 'Save and share' }).click();
    await one.page.getByRole('dialog').waitFor();
    await one.page.keyboard.press('Escape');
    const conflict = two.locator('.conflict');
    await conflict.getByText('Nothing of yours is lost').waitFor();
    assert.deepEqual(await conflict.locator('tbody th').allInnerTexts(), ['Lasagne']);
    assert.deepEqual(await conflict.locator('tbody td .numbers').allInnerTexts(), ['Tagliatelle: ₽450.00', 'Ravioli: ₽450.00']);
    await conflict.getByRole('button', { name: 'Lasagne: keep what is here' }).click();
    await conflict.waitFor({ state: 'detached' });
    await two.getByRole('button', { name: 'Save and share' }).click();
    await two.getByRole('dialog').waitFor();
    await two.keyboard.press('Escape');
    await one.page.locator('[data-line="3"]').getByText('Ravioli').waitFor();
    await one.page.locator('[data-line="2"]').getByText('Lemon juice').waitFor();

    await one.page.getByRole('button', { name: 'Close', exact: true }).click();
    await one.page.getByText('Nobody else can join', { exact: true }).waitFor();
    const late = await browser.newContext({ locale: 'en-GB' });
    const stranger = await late.newPage();
    await stranger.goto(link);
    await stranger.locator('#join-name').fill('Vera');
    await stranger.locator('#join-name').press('Enter');
    await stranger.getByText('The owner has closed this cheque').waitFor();
    await one.page.getByRole('button', { name: 'Open', exact: true }).click();
    await joinAsGuest(stranger, 'Vera');
    assert.deepEqual(one.complaints, []);
  } finally {
    await browser.close();
  }
});
