import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { newId, payUnknownOrder } from './broker.mjs';
import {
  close,
  discardOpened,
  discardShown,
  letter,
  openLetter,
  OPERATIONS,
  search,
  shown,
} from './operations-actions.mjs';
import { stories } from './story.mjs';

const story = stories();

story('the footer links to the operations page, which shows the state of every service', {}, async ({ page }) => {
  await page.getByRole('link', { name: 'Operations' }).click();
  await page.getByRole('heading', { name: 'Operations' }).waitFor();
  assert.equal(await page.title(), 'Operations · Chipin');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  for (const service of ['orders', 'payments', 'ocr', 'router']) {
    const card = page.locator(`[data-service="${service}"]`);
    await card.locator('[data-breaker="closed"]').waitFor();
    assert.match(await card.innerText(), /Unsent[\s\S]*Scheduled[\s\S]*Parked[\s\S]*Lanes owned\s*\d\/8/);
    await card.getByRole('listitem').nth(7).waitFor({ state: 'attached' });
  }
  await page.getByRole('link', { name: 'Home', exact: true }).click();
  await page.getByRole('heading', { name: 'New order' }).waitFor();
  assert.equal(await page.title(), 'Chipin');
});

story('a dead letter is shown with its payload and discarded', { path: OPERATIONS }, async ({ page }) => {
  const { id, orderId, correlationId, traceId } = await payUnknownOrder();
  await search(page, orderId);
  await letter(page, id).waitFor();
  assert.equal(await shown(page).count(), 1);
  assert.match(await letter(page, id).innerText(), /payments\.PaymentCompleted\.v1[\s\S]*there is no order/);

  await openLetter(page, id);
  assert.match(page.url(), new RegExp(`#/operations/orders/incoming/${id}$`));
  const drawer = page.getByRole('dialog');
  const told = await drawer.innerText();
  for (const part of ['orders-service', 'Not handled', `there is no order ${orderId}`, id, correlationId, traceId]) {
    assert.ok(told.includes(part), part);
  }
  const { data } = JSON.parse(await drawer.locator('[data-payload]').innerText());
  assert.equal(data.order_id, orderId);

  await drawer.getByRole('button', { name: 'Discard' }).click();
  await drawer.getByRole('button', { name: 'Keep' }).click();
  await drawer.locator('[data-letter-state="open"]').waitFor();
  await discardOpened(page);
  await close(page);
  await page.getByText('No dead letter matches').waitFor();
  await page.getByRole('button', { name: 'Discarded' }).click();
  await letter(page, id).waitFor();
});

story('a dead letter that fails again after a replay returns with its number of attempts', { path: OPERATIONS }, async ({ page }) => {
  const { id, orderId } = await payUnknownOrder();
  await search(page, orderId);
  await letter(page, id).waitFor();
  await openLetter(page, id);
  const attempts = () => page.locator('dialog [data-attempts]').getAttribute('data-attempts').then(Number);
  const before = await attempts();
  await page.getByRole('dialog').getByRole('button', { name: 'Replay' }).click();
  await page.waitForFunction(
    (before) => {
      const { letterState, attempts } = document.querySelector('dialog [data-attempts]')?.dataset ?? {};
      return letterState === 'open' && Number(attempts) > before;
    },
    before,
  );
  await discardOpened(page);
  await close(page);
});

story('all matching dead letters are settled after a confirmation with their number', { path: OPERATIONS }, async ({ page }) => {
  const common = randomBytes(4).toString('hex');
  const { id: other, orderId: otherOrder } = await payUnknownOrder();
  for (let made = 0; made < 3; made += 1) await payUnknownOrder(newId(common));
  await search(page, common);
  await shown(page).nth(2).waitFor();

  await page.getByRole('button', { name: 'Discard all…' }).click();
  const question = page.getByRole('dialog', { name: 'Discard 3 dead letters?' });
  await question.waitFor();
  const told = await question.innerText();
  for (const part of ['orders-service', 'payments.PaymentCompleted.v1', common]) assert.ok(told.includes(part), part);
  await question.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  assert.equal(await shown(page).count(), 3);

  await discardShown(page);
  await page.getByText('3 dead letters were discarded.').waitFor();
  await page.getByText('No dead letter matches').waitFor();
  await search(page, otherOrder);
  await letter(page, other).waitFor();
  await discardShown(page);
});

story('the filters for service and direction are applied by the servers', { path: OPERATIONS }, async ({ page }) => {
  const { id, orderId } = await payUnknownOrder();
  await search(page, orderId);
  await letter(page, id).waitFor();
  await page.getByLabel('Service', { exact: true }).selectOption('payments');
  await page.getByText('No dead letter matches').waitFor();
  await page.getByLabel('Service', { exact: true }).selectOption('orders');
  await letter(page, id).waitFor();
  await page.getByLabel('Direction').selectOption('outgoing');
  await page.getByText('No dead letter matches').waitFor();
  await page.getByLabel('Direction').selectOption('incoming');
  await letter(page, id).waitFor();
  await page.getByLabel('Type of event').selectOption('payments.PaymentCompleted.v1');
  await letter(page, id).waitFor();
  await discardShown(page);
});

story('dead letters can be settled without a mouse', { path: OPERATIONS }, async ({ page }) => {
  const { id, orderId } = await payUnknownOrder();
  await page.locator('#letters-reason').waitFor();
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'letters-reason');
  await page.keyboard.type(orderId);
  await letter(page, id).waitFor();
  await letter(page, id).locator('a').focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog [data-payload]').waitFor();
  await close(page);
  assert.ok(await letter(page, id).locator('a').evaluate((link) => link === document.activeElement));

  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Keep');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('dialog [data-letter-state="discarded"]').waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.closest('dialog') !== null), 'the focus stays inside');
  await close(page);
});

story('an unreachable service is named, and the rest works', { path: OPERATIONS }, async ({ page }) => {
  const { id, orderId } = await payUnknownOrder();
  await page.locator('[data-service="ocr"] [data-breaker]').waitFor();
  await page.route('**/ocr/operations/**', (route) => route.abort());
  await page.locator('[data-service="ocr"] [data-unreachable]').waitFor();
  await page.getByText('Not reachable: ocr-service.').waitFor();
  await search(page, orderId);
  await letter(page, id).waitFor();
  await page.unroute('**/ocr/operations/**');
  await page.locator('[data-service="ocr"] [data-breaker]').waitFor();
  await page.getByText('Not reachable: ocr-service.').waitFor({ state: 'detached' });
  await discardShown(page);
});

story('a URL opens a dead letter, and an unknown one shows an error', { path: OPERATIONS }, async ({ page }) => {
  await page.goto(new URL(`/#/operations/orders/incoming/${newId()}`, page.url()).href);
  await page.reload();
  await page.getByText('There is no such dead letter').waitFor();
});
