import assert from 'node:assert/strict';
import {
  BALANCED,
  continueToShare,
  joinAsGuest,
  line,
  photographCheque,
  toggleLine,
  untilDue,
  untilTaken,
} from './cheque-actions.mjs';
import { untilLive } from './actions.mjs';
import { stories } from './story.mjs';
import { wire } from './wire.mjs';

const story = stories();

story('the other split methods are validated during input', {}, async ({ page }) => {
  await photographCheque(page, BALANCED);
  const link = await continueToShare(page);
  const friend = await page.context().browser().newContext({ locale: 'en-GB' });
  const other = await friend.newPage();
  await other.goto(link);
  await joinAsGuest(other, 'Dasha');

  await page.locator('label', { hasText: 'By percent' }).click();
  await page.locator('#part-of-1').fill('60');
  await page.locator('#part-of-2').fill('39');
  await page.getByText('1% missing').waitFor();
  await page.locator('#part-of-2').fill('40');
  await page.getByText('Nothing is missing.').waitFor();
  await page.getByRole('button', { name: 'Split so' }).click();
  await untilDue(other, 57600);

  await page.locator('label', { hasText: 'Exact sums' }).click();
  await page.locator('#part-of-1').fill('1000');
  await page.locator('#part-of-2').fill('450');
  await page.getByText('₽10.00 too much').waitFor();
  await page.locator('#part-of-2').fill('440');
  await page.getByRole('button', { name: 'Split so' }).click();
  await untilDue(other, 44000);

  await page.locator('label', { hasText: 'Equally' }).click();
  await untilDue(other, 72000);
  await other.getByText('Equally.', { exact: true }).waitFor();
  await friend.close();
});

story('a late claim shows what is left, and the page catches up after a reconnect', {}, async ({ page }) => {
  await photographCheque(page, BALANCED);
  const link = await continueToShare(page);
  const friend = await page.context().browser().newContext({ locale: 'en-GB' });
  const other = await friend.newPage();
  const { cut, mend } = await wire(other);
  await other.goto(link);
  await untilLive(other);
  await joinAsGuest(other, 'Zoya');
  await cut(1012);
  await other.locator('[data-connection="waiting"]').waitFor();

  // Meanwhile the owner claims two thirds of the pizza and all of the lemonade; the other page does not
  // receive it.
  await line(page, 1).locator('.part').click();
  await line(page, 1).getByLabel('Shares in all', { exact: true }).fill('3');
  await line(page, 1).getByLabel('My shares', { exact: true }).fill('2');
  await line(page, 1).getByRole('button', { name: 'Take 2/3' }).click();
  await untilDue(page, 46000);
  await toggleLine(page, 2);
  await untilTaken(page, 2);

  await toggleLine(other, 1);
  await line(other, 1).getByText('Somebody was faster: 1/3 is left.').waitFor();
  await line(other, 1).getByRole('button', { name: 'Take 1/3' }).click();
  await untilDue(other, 23000);

  await toggleLine(page, 3);
  await untilTaken(page, 3);
  mend();
  await untilLive(other);
  await other.getByText('Everything is taken').waitFor();

  // Without network, the failure is shown and the line stays unclaimed; everything works when the network
  // returns.
  await toggleLine(page, 3);
  await line(other, 3).locator('.take[aria-disabled="false"]').waitFor();
  await friend.setOffline(true);
  await other.getByText('This may be out of date').waitFor();
  await toggleLine(other, 3);
  await line(other, 3).getByText('The server can’t be reached.').waitFor();
  await untilTaken(other, 3, false);
  await friend.setOffline(false);
  await other.getByText('This may be out of date').waitFor({ state: 'detached' });
  await line(other, 3).getByRole('button', { name: 'Try again' }).click();
  await untilTaken(other, 3);
  await friend.close();
});

story('lines are claimed, divided and released by keyboard', {}, async ({ page }) => {
  await photographCheque(page, BALANCED);
  await continueToShare(page);
  const take = line(page, 1).locator('.take');
  await take.focus();
  await page.keyboard.press('Space');
  await untilTaken(page, 1);
  await untilDue(page, 69000);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await line(page, 1).getByRole('button', { name: '1/3', exact: true }).focus();
  await page.keyboard.press('Enter');
  await untilDue(page, 23000);
  await take.focus();
  await page.keyboard.press('Space');
  await untilTaken(page, 1, false);
  await untilDue(page, 0);
});

story('an unknown link shows an error with a link to the home page', {}, async ({ page }) => {
  const response = await page.goto(new URL('/small-router/AAAAAAAAAAAAAAAAAAAAAA', page.url()).href);
  assert.equal(response.status(), 404);
  await page.locator('.empty').getByText('There is no such cheque').waitFor();
  await page.getByRole('link', { name: 'To Chipin' }).click();
  await page.getByRole('heading', { name: 'New order' }).waitFor();
});

story('a deleted cheque disappears for all visitors', {}, async ({ page }) => {
  await photographCheque(page, BALANCED);
  const link = await continueToShare(page);
  const friend = await page.context().browser().newContext({ locale: 'en-GB' });
  const other = await friend.newPage();
  await other.goto(link);
  await untilLive(other);
  await page.getByRole('button', { name: 'Delete the cheque' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await page.waitForURL(/#\/cheques$/);
  await other.locator('.empty').getByText('The owner has deleted this cheque').waitFor();
  await friend.close();
});
