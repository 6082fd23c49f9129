// Actions of users on a cheque.

/** A cheque that adds up except for the bread, which the waiter has added by hand. */
export const DINNER = {
  lines: [
    ['Pizza Margherita', 1, '690.00', '690.00'],
    ['Lemonade', 2, '150.00', '300.00'],
    ['Carbonara', 1, '450.00', '450.00'],
  ],
  total: '1500.00',
};
/** The same without the bread. */
export const BALANCED = { ...DINNER, total: '1440.00' };

/** Draws a printed cheque; returns a PNG. */
export async function drawCheque(page, { lines, total }) {
  const encoded = await page.evaluate(
    ({ lines, total }) => {
      const canvas = document.createElement('canvas');
      const [width, step] = [1000, 64];
      canvas.width = width;
      canvas.height = (lines.length + 8) * step;
      const pen = canvas.getContext('2d');
      pen.fillStyle = '#fff';
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.fillStyle = '#111';
      const write = (row, left, right, size = 36) => {
        pen.font = `${size}px "DejaVu Sans Mono", monospace`;
        pen.textAlign = 'left';
        pen.fillText(left, 60, row * step);
        pen.textAlign = 'right';
        pen.fillText(right, width - 60, row * step);
      };
      write(1.5, 'CAFE CHIPIN', '', 44);
      write(2.5, '21.11.2026 20:15', '');
      lines.forEach(([name, quantity, price, sum], row) => {
        write(row + 4, name, '');
        pen.fillText(`${quantity} x ${price}`, 740, (row + 4) * step);
        write(row + 4, '', sum);
      });
      write(lines.length + 5.5, 'TOTAL', total, 44);
      return canvas.toDataURL('image/png').split(',')[1];
    },
    { lines, total },
  );
  return Buffer.from(encoded, 'base64');
}

/** Chooses a picture on the upload page. */
export async function choosePicture(page, name, mimeType, buffer) {
  await page.locator('#cheque-file').setInputFiles({ name, mimeType, buffer });
}

/** From the home page to the review of a new cheque; returns its key. */
export async function photographCheque(page, cheque) {
  const picture = await drawCheque(page, cheque);
  await page.locator('a[href="#/cheques/new"]').first().click();
  await choosePicture(page, 'cheque.png', 'image/png', picture);
  await page.waitForURL(/\/small-router\/\w+/, { timeout: 90_000 });
  await page.locator('[data-review]').first().waitFor();
  return hashOf(page);
}

export function hashOf(page) {
  return new URL(page.url()).pathname.split('/')[2];
}

/** Confirms the cheque and goes to the shared page; returns the share link. */
export async function continueToShare(page) {
  await page.locator('.verdict .primary').click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('svg[role="img"]').waitFor();
  const link = await dialog.locator('input[readonly]').inputValue();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  return link;
}

export async function joinAsGuest(page, name) {
  await page.locator('#join-name').fill(name);
  await page.locator('#join-name').press('Enter');
  await page.locator('#join-name').waitFor({ state: 'detached' });
}

export function line(page, id) {
  return page.locator(`[data-line="${id}"]`);
}

/** Claims the rest of a line, or releases the claim. */
export async function toggleLine(page, id) {
  await line(page, id).locator('.take').click();
}

export async function untilTaken(page, id, taken = true) {
  await line(page, id).locator(`.take[aria-pressed="${taken}"]`).waitFor();
}

/** Waits until the user's own due has this value, in hundredths. */
export async function untilDue(page, hundredths) {
  await page.locator(`[data-due="${hundredths * 10}"]`).waitFor();
}

export async function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
