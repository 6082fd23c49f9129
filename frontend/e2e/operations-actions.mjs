// Actions of operators.

// There may be dead letters of other tests: each test searches for its own orders, and settles what it has
// created.

export const OPERATIONS = '/#/operations';

/** Shows only dead letters whose reason contains the text. */
export async function search(page, text) {
  await page.locator('#letters-reason').fill(text);
}

export function letter(page, id) {
  return page.locator(`[data-letter="${id}"]`);
}

export function shown(page) {
  return page.locator('#dead-letters > li');
}

export async function openLetter(page, id) {
  await letter(page, id).locator('a').click();
  await page.locator('dialog [data-payload]').waitFor();
}

export async function discardOpened(page) {
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('button', { name: 'Discard' }).click();
  await drawer.getByRole('button', { name: 'Yes, discard' }).click();
  await drawer.locator('[data-letter-state="discarded"]').waitFor();
}

export async function close(page) {
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
}

/** Discards all dead letters that match the filter. */
export async function discardShown(page) {
  await page.getByRole('button', { name: 'Discard all…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Discard \d/ }).click();
  await page.locator('dialog').waitFor({ state: 'detached' });
}
