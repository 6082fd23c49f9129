// Actions of users on the page.

export async function untilLive(page) {
  await page.locator('[data-connection="live"]').waitFor();
}

export async function topUp(page, amount) {
  await page.locator('#top-up-amount').fill(amount);
  await page.locator('#top-up-amount').press('Enter');
}

export async function order(page, amount, description = '') {
  await page.locator('#new-order-amount').fill(amount);
  await page.locator('#new-order-description').fill(description);
  await page.locator('#new-order-description').press('Enter');
}

/** Waits until the balance, in hundredths, has the expected value. */
export async function untilBalance(page, hundredths) {
  await page.locator(`[data-balance="${BigInt(hundredths) * 10n}"]`).waitFor({ state: 'attached' });
}

/** The row of the newest order; an optimistic "sending" row is replaced by the real one. */
export function newestOrder(page) {
  return page.locator('#orders > li').first();
}

export async function untilStatus(row, status) {
  await row.locator(`[data-status="${status}"]`).waitFor();
}
