import assert from 'node:assert/strict';
import {
  BALANCED,
  choosePicture,
  DINNER,
  drawCheque,
  continueToShare,
  line,
  photographCheque,
} from './cheque-actions.mjs';
import { stories } from './story.mjs';

const story = stories();

story('a cheque that does not add up can be confirmed as it is, and only then be paid', {}, async ({ page }) => {
  await photographCheque(page, DINNER);
  await page.goto(`${new URL(page.url()).origin}${new URL(page.url()).pathname}`);
  await page.getByText('Nobody can pay yet.').waitFor();
  await page.getByText('The lines make ₽1,440.00, the cheque says ₽1,500.00: ₽60.00 missing.').waitFor();
  await page.locator('.note a').click();
  await page.getByRole('button', { name: 'Confirm as it is' }).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Nobody can pay yet.').waitFor({ state: 'detached' });
});

story('a line and its position on the photo are highlighted together', {}, async ({ page }) => {
  await photographCheque(page, BALANCED);
  await page.locator('.photo img').evaluate((photo) => photo.decode());
  const box = page.locator('.photo .box').nth(1);
  await page.locator('[data-review="2"] .name textarea').focus();
  await page.locator('.photo .box.active').waitFor();
  assert.ok(await box.evaluate((node) => node.classList.contains('active')));
  await page.locator('.photo .box').nth(2).click();
  assert.equal(await page.evaluate(() => document.activeElement.closest('[data-review]')?.dataset.review), '3');
});

story('an unsuitable file is rejected with an explanation before it is sent', {}, async ({ page }) => {
  const sent = [];
  page.on('request', (request) => {
    if (request.url().includes('load-image')) sent.push(request.url());
  });
  await page.locator('a[href="#/cheques/new"]').first().click();
  for (const [name, kind, buffer, words] of [
    ['cheque.svg', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'A drawing is no photo'],
    ['cheque.jpg', 'image/jpeg', Buffer.alloc(0), 'The file is empty'],
    ['cheque.jpg', 'image/jpeg', Buffer.from('just some words'), 'This is no picture we know'],
    ['cheque.jpg', 'image/jpeg', Buffer.concat([Buffer.from('\xff\xd8\xff\xe0', 'latin1'), Buffer.alloc(64)]), 'The picture is damaged'],
  ]) {
    await choosePicture(page, name, kind, buffer);
    await page.getByRole('alert').getByText(words).waitFor();
    await page.getByRole('button', { name: 'Choose another picture' }).click();
  }
  assert.deepEqual(sent, []);
});

story('a damaged PDF is rejected by the server', {}, async ({ page }) => {
  await page.locator('a[href="#/cheques/new"]').first().click();
  await choosePicture(page, 'cheque.pdf', 'application/pdf', Buffer.from('%PDF-1.7\n'));
  await page.getByRole('alert').getByText('The picture is damaged').waitFor();
});

story('a picture without text becomes a cheque to fill in by hand', {}, async ({ page }) => {
  const blank = await drawCheque(page, { lines: [], total: '' }).then(() =>
    page.evaluate(() => {
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 600;
      const pen = canvas.getContext('2d');
      pen.fillStyle = '#eee';
      pen.fillRect(0, 0, 600, 600);
      return canvas.toDataURL('image/png').split(',')[1];
    }),
  );
  await page.locator('a[href="#/cheques/new"]').first().click();
  await choosePicture(page, 'blank.png', 'image/png', Buffer.from(blank, 'base64'));
  await page.waitForURL(/\/small-router\/\w+/, { timeout: 90_000 });
  await page.getByText('No text was found on the photo').waitFor();
  await page.getByRole('button', { name: 'Add a line' }).click();
  await page.keyboard.type('Tea');
  await page.locator('[data-review="new"] .total input').fill('200');
  await page.locator('#extra-total_account').fill('200');
  await page.locator('[data-balanced="true"]').waitFor();
  await continueToShare(page);
  await line(page, 1).getByText('Tea').waitFor();
});

story('cancelling a reading returns to the previous page', {}, async ({ page }) => {
  const picture = await drawCheque(page, BALANCED);
  await page.locator('a[href="#/cheques/new"]').first().click();
  await choosePicture(page, 'cheque.png', 'image/png', picture);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Drop a photo of the cheque here').waitFor();
  assert.match(page.url(), /#\/cheques\/new$/);
});

story('a picture may be dropped or pasted', {}, async ({ page }) => {
  await page.locator('a[href="#/cheques/new"]').first().click();
  await page.locator('#cheque-file').waitFor({ state: 'attached' });
  // Not pictures at all: the page detects the format and reports it.
  const bring = (kind) =>
    page.evaluate((kind) => {
      const files = new DataTransfer();
      files.items.add(new File(['<svg xmlns="http://www.w3.org/2000/svg"/>'], 'cheque.svg', { type: 'image/svg+xml' }));
      const event =
        kind === 'drop'
          ? new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true })
          : new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
    }, kind);
  for (const kind of ['drop', 'paste']) {
    await bring(kind);
    await page.getByRole('alert').getByText('A drawing is no photo').waitFor();
    await page.getByRole('button', { name: 'Choose another picture' }).click();
  }
});
