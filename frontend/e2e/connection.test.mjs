import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, open } from './browser.mjs';
import { newestOrder, order, topUp, untilBalance, untilLive, untilStatus } from './actions.mjs';
import { wire } from './wire.mjs';

/** Opens a page whose network connection the test can cut. */
async function openWithWire(browser) {
  const opened = await open(browser, { path: '/favicon.svg' });
  const { cut, mend } = await wire(opened.page);
  await opened.page.goto(new URL('/', opened.page.url()).href);
  await untilLive(opened.page);
  return { ...opened, cut, mend };
}

test('after a server restart the page reconnects, shows it, and is up to date', async () => {
  const browser = await launch();
  try {
    const { page, user, cut, mend } = await openWithWire(browser);
    await topUp(page, '100');
    await untilBalance(page, 10000);

    await cut(1012);
    await page.locator('[data-connection="waiting"]').waitFor();
    await page.locator('#log').getByText('The server is restarting').waitFor();
    await page.evaluate(
      (id) =>
        fetch('/orders/orders', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-User-ID': String(id) },
          body: '{"amount":30,"description":"While the wire was cut"}',
        }),
      user,
    );
    mend();
    await untilLive(page);
    await page.locator('#log').getByText(/Live again/).waitFor();
    await page.locator('#orders').getByText('While the wire was cut').waitFor();
    await untilStatus(newestOrder(page), 'PAID');
    await untilBalance(page, 7000);

    await order(page, '20');
    await untilStatus(newestOrder(page), 'PAID');
    await untilBalance(page, 5000);
  } finally {
    await browser.close();
  }
});

test('offline is shown, input is kept, and the page reconnects as soon as the network returns', async () => {
  const browser = await launch();
  try {
    const { context, page } = await open(browser, { viewport: { width: 360, height: 740 } });
    await untilLive(page);
    await context.setOffline(true);
    await page.locator('[data-connection="waiting"]').getByText('Offline').waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(overflow, 0);

    await order(page, '12.30', 'Typed offline');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    assert.equal(await page.locator('#new-order-amount').inputValue(), '12.30');
    assert.equal(await page.locator('#new-order-description').inputValue(), 'Typed offline');

    await context.setOffline(false);
    await untilLive(page);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('#orders').getByText('Typed offline').waitFor();
    assert.equal(await page.locator('#orders > li').count(), 1);
  } finally {
    await browser.close();
  }
});
