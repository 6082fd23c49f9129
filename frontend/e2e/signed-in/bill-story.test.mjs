// A bill in euros from its lines to the next month: two people have paid the restaurant, and one has no device.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { topUp, untilBalance, untilLive } from '../actions.mjs';
import { BASE_URL, launch, open } from '../browser.mjs';
import { hashOf, line, toggleLine, untilDue, untilTaken } from '../cheque-actions.mjs';
import { wire } from '../wire.mjs';
import { attemptFrom } from './from-address.mjs';

const PASSWORD = 'correct horse';
const STAMP = Date.now().toString(36);
const MERCHANT = `Trattoria ${STAMP}`;
const BILL = [
  ['Wine', '30'],
  ['Steak', '32'],
  ['Risotto', '18'],
  ['Tiramisu', '9'],
  ['Deposit back', '-5'],
];
const [WINE, STEAK, RISOTTO, TIRAMISU, DEPOSIT] = [1, 2, 3, 4, 5];
const [ANNA, BORIS, VERA, DMITRI] = [1, 2, 3, 4];

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A browser at the door, whose password attempts come from an address of its own. */
async function visit(address) {
  const visitor = await open(browser);
  await attemptFrom(visitor.context, address);
  return visitor;
}

async function fill(page, login) {
  await page.getByLabel('Login', { exact: true }).fill(login);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
}

async function register(address, login) {
  const visitor = await visit(address);
  const { page } = visitor;
  await page.getByRole('button', { name: 'Register', exact: true }).click();
  await fill(page, login);
  await page.getByRole('button', { name: 'Register and sign in' }).click();
  await untilLive(page);
  return { ...visitor, login };
}

/** The same user in another browser, for example a month later. */
async function signInAnew(address, login) {
  const visitor = await visit(address);
  const { page } = visitor;
  await fill(page, login);
  await page.getByRole('button', { name: 'Sign in', exact: true }).last().click();
  await untilLive(page);
  return visitor;
}

async function join({ page, login }, link, name) {
  await page.goto(link);
  await page.locator('#join-name').fill(name);
  await page.getByRole('button', { name: `Join as ${login}` }).click();
  await page.locator('#join-name').waitFor({ state: 'detached' });
}

/** Lets the page miss all changes until `hear` is called. */
async function deafen(page, connection) {
  const misses = (url) => /\/small-router\/[^/]+$/.test(url.pathname);
  const miss = (route) => (route.request().method() === 'GET' ? route.abort() : route.continue());
  await page.route(misses, miss);
  await connection.cut(1006);
  return async () => {
    connection.mend();
    await page.unroute(misses, miss);
  };
}

async function enterBill(page) {
  await page.locator('a[href="#/cheques/by-hand"]').first().click();
  await page.locator('#bill-merchant').fill(MERCHANT);
  await page.locator('#bill-day').fill('2026-11-28');
  await page.locator('#extra-currency').selectOption('EUR');
  for (const [index, [name, total]] of BILL.entries()) {
    if (index > 0) await page.locator('#add-line').click();
    const row = page.locator('[data-review]').nth(index);
    await row.locator('.name textarea').fill(name);
    await row.locator('.total input').fill(total);
  }
  await page.getByText('The lines make €84.00.').waitFor();
}

function person(page, id) {
  return page.locator(`[data-participant="${id}"]`);
}

async function more(page, id, name) {
  await person(page, id).getByRole('button', { name: `More about ${name}` }).click();
}

function said(page, text) {
  return page.locator('#log').getByText(text).first().waitFor();
}

async function payAndTopUp(page, amount) {
  await page.getByRole('button', { name: `Pay ${amount}` }).click();
  await page.locator('[data-pay="failed"]').waitFor();
  await page.getByRole('button', { name: 'Top up' }).click();
  await page.getByRole('button', { name: `Pay ${amount} again` }).click();
}

test('four people, two payers and two currencies: a bill is changed, paid, given back, settled and kept', async () => {
  const anna = await register('127.0.0.41', `anna${STAMP}`);
  const boris = await register('127.0.0.42', `boris${STAMP}`);
  const vera = await register('127.0.0.43', `vera${STAMP}`);

  // The bill, with a rate. The deposit comes off the wine.
  await enterBill(anna.page);
  await anna.page.getByRole('button', { name: 'Share it' }).click();
  await anna.page.waitForURL(/\/small-router\/\w{22}$/);
  const hash = hashOf(anna.page);
  const link = new URL(`/small-router/${hash}`, BASE_URL).href;
  await anna.page.locator('#rate').fill('95');
  await anna.page.locator('.rate').getByRole('button', { name: 'Save' }).click();
  await anna.page.locator('[data-rate="95"]').waitFor();
  await line(anna.page, DEPOSIT).locator('select').selectOption(String(WINE));
  await said(anna.page, 'The owner named a rate: 95.');

  // Who was there.
  await anna.page.getByRole('button', { name: 'Change your name' }).click();
  await anna.page.locator('#own-name').fill('Anna');
  await anna.page.locator('#own-name').press('Enter');
  await person(anna.page, ANNA).getByText('Anna', { exact: true }).waitFor();
  await join(boris, link, 'Boris');
  const connection = await wire(vera.page);
  await join(vera, link, 'Vera');
  await anna.page.locator('#add-person').fill('Dmitri');
  await anna.page.locator('#add-person').press('Enter');
  await person(anna.page, DMITRI).getByText('Dmitri').waitFor();

  // Who has paid the restaurant.
  await anna.page.getByRole('button', { name: 'Several paid' }).click();
  await anna.page.locator(`#paid-by-${BORIS}`).fill('41');
  await anna.page.locator('[data-payers]').getByRole('button', { name: 'Save' }).click();
  await anna.page.locator('[data-payers="several"]').waitFor();

  // Who had what.
  await toggleLine(anna.page, WINE);
  await untilDue(anna.page, 2500);
  await toggleLine(boris.page, STEAK);
  await untilDue(boris.page, 3200);
  await toggleLine(vera.page, RISOTTO);
  await untilDue(vera.page, 1800);
  await more(anna.page, DMITRI, 'Dmitri');
  await anna.page.getByRole('button', { name: 'Take dishes for Dmitri' }).click();
  await toggleLine(anna.page, TIRAMISU);
  await untilTaken(anna.page, TIRAMISU);
  await anna.page.getByRole('button', { name: 'Done', exact: true }).click();
  for (const { page } of [anna, boris, vera]) await page.locator('[data-plan="2"]').waitFor();

  // The risotto becomes dearer while Vera, who does not see it, is about to pay.
  const hear = await deafen(vera.page, connection);
  await anna.page.locator('a[href="#/review"]').click();
  const risotto = anna.page.locator(`[data-review="${RISOTTO}"]`);
  await risotto.locator('.price input').fill('20');
  await risotto.locator('.total input').fill('20');
  await anna.page.locator('#extra-total_account').fill('86');
  await anna.page.locator('[data-balanced="true"]').waitFor();
  await anna.page.getByRole('button', { name: 'Save and share' }).click();
  await anna.page.getByRole('dialog').waitFor();
  await anna.page.keyboard.press('Escape');
  await vera.page.getByRole('button', { name: 'Pay ₽1,710.00' }).click();
  await vera.page.getByText('Nothing was paid: you agreed to ₽1,710.00, and now ₽1,900.00 is due.').waitFor();
  await hear();
  await untilDue(vera.page, 2000);
  await untilLive(vera.page);

  // Vera pays by transfer, gets it back, and pays again.
  await payAndTopUp(vera.page, '₽1,900.00');
  await anna.page.locator(`[data-participant="${VERA}"][data-settlement="paid"]`).waitFor();
  await more(anna.page, VERA, 'Vera');
  await anna.page.getByRole('button', { name: 'Give €20.00 back' }).click();
  await anna.page.getByRole('button', { name: 'Transfer €20.00' }).click();
  await vera.page.locator('[data-pay="none"]').waitFor();
  await said(vera.page, 'You got €20.00 back.');
  await vera.page.getByRole('button', { name: 'Pay ₽1,900.00' }).click();
  await vera.page.locator('[data-pay="paid"]').waitFor();

  // Dmitri has given Boris cash, who records it.
  await more(boris.page, DMITRI, 'Dmitri');
  await boris.page.getByRole('button', { name: 'Paid in cash or otherwise' }).click();
  await boris.page.getByLabel('Note, for example the app').fill('at the door');
  await boris.page.getByRole('button', { name: 'Yes, paid' }).click();
  for (const { page } of [anna, boris, vera]) await page.locator('#cheque-total ~ .label').getByText('Settled').waitFor();

  await boris.page.reload();
  await boris.page.locator('[data-payers="several"]').waitFor();
  await boris.page.locator('#cheque-total ~ .label').getByText('Settled').waitFor();

  // It counts in a group, where nothing is left to settle.
  await anna.page.goto(new URL('/#/groups', BASE_URL).href);
  await anna.page.getByRole('button', { name: 'New group' }).click();
  await anna.page.locator('#group-name').fill('Friends');
  await anna.page.locator('#group-you').fill('Anna');
  await anna.page.getByRole('button', { name: 'Create', exact: true }).click();
  await anna.page.waitForURL(/#\/groups\/\w+/);
  const group = anna.page.url();
  for (const [{ page }, name] of [[boris, 'Boris'], [vera, 'Vera']]) {
    await page.goto(group);
    await page.locator('#join-name').fill(name);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await page.locator('#group-title').waitFor();
  }
  await anna.page.goto(link);
  await anna.page.getByRole('button', { name: 'Group', exact: true }).click();
  await anna.page.getByRole('button', { name: 'Put it here' }).click();
  await anna.page.getByText('It counts in this group').waitFor();

  // Next month, in another browser.
  const later = await signInAnew('127.0.0.44', vera.login);
  await later.page.getByRole('link', { name: 'Statement' }).click();
  await later.page.getByText(`Vera for ${MERCHANT}`).first().waitFor();
  await untilBalance(later.page, 0);
  await later.page.goto(link);
  await untilLive(later.page);
  await later.page.locator('#cheque-total ~ .label').getByText('Settled').waitFor();
  for (const text of [
    'You joined.',
    'You took Risotto.',
    'Risotto: €18.00 → €20.00.',
    'You paid €20.00 → Anna.',
    'You got €20.00 back.',
    'Anna took Tiramisu for Dmitri.',
    'Paid to the restaurant: Boris €41.00, the owner the rest.',
    'Dmitri paid €9.00 → Boris in cash. “at the door”',
    'Everything is settled.',
  ]) {
    await said(later.page, text);
  }
  const annaLater = await signInAnew('127.0.0.45', anna.login);
  await annaLater.page.goto(group);
  await annaLater.page.locator('#group-title').waitFor();
  await annaLater.page.getByText('All settled').first().waitFor();
  await annaLater.page.locator(`[data-cheque="${hash}"] a`).click();
  await annaLater.page.locator('#cheque-total').waitFor();
  const visitors = [anna, boris, vera, later, annaLater];
  assert.deepEqual(visitors.flatMap(({ complaints }) => complaints), []);
});
