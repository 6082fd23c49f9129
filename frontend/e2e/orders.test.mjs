import assert from 'node:assert/strict';
import { newestOrder, order, topUp, untilBalance, untilStatus } from './actions.mjs';
import { stories } from './story.mjs';

const story = stories();

story('an order is paid automatically and the balance decreases', {}, async ({ page }) => {
  await topUp(page, '500');
  await untilBalance(page, 50000);

  await order(page, '199,90', 'Team lunch');
  const row = newestOrder(page);
  assert.match(await row.innerText(), /Team lunch/);
  await untilStatus(row, 'PAID');
  await untilBalance(page, 30010);

  const log = page.locator('#log');
  await log.getByText('The order for ₽199.90 is paid.').waitFor();
  await log.getByText('You added ₽500.00. The balance is ₽500.00.').waitFor();
  assert.equal(await page.locator('#new-order-amount').inputValue(), '');
});

story('an order above the balance fails, and a top-up is offered', {}, async ({ page }) => {
  await topUp(page, '300');
  await untilBalance(page, 30000);
  await order(page, '400');
  await untilStatus(newestOrder(page), 'FAILED');

  await newestOrder(page).locator('a').click();
  const drawer = page.locator('dialog');
  await drawer.getByText('Insufficient funds').waitFor();
  await drawer.getByRole('button', { name: 'Top up ₽100' }).click();
  await untilBalance(page, 40000);
  await drawer.getByRole('button', { name: 'Order again' }).click();
  assert.equal(await page.locator('#new-order-amount').inputValue(), '400');
  await page.locator('#new-order-amount').press('Enter');
  await untilBalance(page, 0);
});

story('an order without an account fails with a reason', {}, async ({ page }) => {
  await page.getByText('No account yet').waitFor();
  await order(page, '5');
  await untilStatus(newestOrder(page), 'FAILED');
  await page.locator('#log').getByText('There was no account to pay from').waitFor();
});

story('invalid amounts are reported and nothing is sent', {}, async ({ page }) => {
  const sent = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(request.url());
  });
  const amount = page.locator('#new-order-amount');
  for (const [typed, words] of [
    ['', 'Enter an amount.'],
    ['0', 'must be more than zero'],
    ['-5', 'must be more than zero'],
    ['abc', 'Enter a number'],
    ['1e400', 'Enter a number'],
    ['499.999', 'At most two digits'],
    ['1000000000000,01', 'At most ₽1,000,000,000,000'],
  ]) {
    await amount.fill(typed);
    await amount.press('Enter');
    await page.locator('#new-order-amount-note').getByText(words).waitFor();
    assert.equal(await amount.inputValue(), typed, 'what was typed stays');
    assert.equal(await amount.getAttribute('aria-invalid'), 'true');
  }
  assert.deepEqual(sent, []);
});

story('an order placed elsewhere appears automatically', {}, async ({ page, context, user }) => {
  const elsewhere = await context.newPage();
  await elsewhere.goto(page.url());
  await elsewhere.evaluate(
    (id) =>
      fetch('/orders/orders', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-User-ID': String(id) },
        body: '{"amount":7,"description":"From elsewhere"}',
      }),
    user,
  );
  await page.locator('#orders').getByText('From elsewhere').waitFor();
  await untilStatus(newestOrder(page), 'FAILED');
});

story('older orders are read on demand, and the filter is applied by the server', {}, async ({ page, user }) => {
  await topUp(page, '100');
  await untilBalance(page, 10000);
  await page.evaluate(async (id) => {
    for (let made = 0; made < 22; made += 1) {
      await fetch('/orders/orders', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-User-ID': String(id) },
        body: '{"amount":5}',
      });
    }
  }, user);
  await untilBalance(page, 0);
  await page.reload();
  const rows = page.locator('#orders > li');
  await rows.nth(19).waitFor();
  assert.equal(await rows.count(), 20);
  await page.getByRole('button', { name: 'Show older orders' }).click();
  await rows.nth(21).waitFor();

  await page.locator('#orders-filter').selectOption('FAILED');
  await rows.nth(1).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('#orders > li').length === 2);
  await page.locator('#orders-filter').selectOption('CANCELLED');
  await page.getByText('Nothing with this status').waitFor();
});

story('the statement lists every movement with the balance after it', {}, async ({ page }) => {
  await topUp(page, '50');
  await untilBalance(page, 5000);
  await order(page, '20', 'Pens');
  await untilBalance(page, 3000);
  await page.getByRole('link', { name: 'Statement' }).click();
  const rows = page.locator('section li');
  await rows.nth(1).waitFor();
  assert.match(await rows.nth(0).innerText(), /Pens[\s\S]*Payment[\s\S]*−₽20\.00[\s\S]*Balance ₽30\.00/);
  assert.match(await rows.nth(1).innerText(), /Top-up[\s\S]*\+₽50\.00/);
});

story('a URL opens an order, but not an order of another user', {}, async ({ page, context }) => {
  await order(page, '5', 'Mine');
  await untilStatus(newestOrder(page), 'FAILED');
  const id = await newestOrder(page).getAttribute('data-order');
  await page.goto(`${new URL(page.url()).origin}/#/orders/${id}`);
  await page.reload();
  await page.locator('dialog').getByText('Mine').waitFor();

  const otherUser = await context.newPage();
  await otherUser.goto(new URL('/', page.url()).href);
  await otherUser.getByLabel('Acting as user').fill('424242424242');
  await otherUser.getByRole('button', { name: 'Switch' }).click();
  await otherUser.goto(`${new URL(page.url()).origin}/#/orders/${id}`);
  await otherUser.getByText('There is no such order').waitFor();
});
