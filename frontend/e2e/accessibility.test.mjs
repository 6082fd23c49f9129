import { assertClean } from './axe.mjs';
import { newestOrder, order, topUp, untilBalance, untilStatus } from './actions.mjs';
import { stories } from './story.mjs';

const story = stories();

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of [
    { width: 1280, height: 900 },
    { width: 360, height: 740 },
  ]) {
    const look = `${colorScheme}, ${viewport.width} px`;
    story(`axe finds nothing on any screen (${look})`, { colorScheme, viewport }, async ({ page }) => {
      await page.getByText('No orders yet').waitFor();
      await assertClean(page, 'empty home');

      await topUp(page, '100');
      await untilBalance(page, 10000);
      await order(page, '40', 'Tea');
      await untilStatus(newestOrder(page), 'PAID');
      await order(page, '90');
      await untilStatus(newestOrder(page), 'FAILED');
      await page.locator('#new-order-amount').fill('1.234');
      await page.locator('#new-order-amount').press('Enter');
      await assertClean(page, 'home with orders and a refused amount');

      await newestOrder(page).locator('a').click();
      await page.locator('dialog dl').waitFor();
      await assertClean(page, 'failed order');
      await page.keyboard.press('Escape');

      await page.getByRole('link', { name: 'Statement' }).click();
      await page.locator('section li').first().waitFor();
      await assertClean(page, 'statement');

      await page.locator('#main').focus();
      await page.keyboard.press('?');
      await page.locator('dialog').waitFor();
      await assertClean(page, 'help');
    });
  }
}
