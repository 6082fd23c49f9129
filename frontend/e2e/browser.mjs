// Opens the real page in a real browser, as a new user.
import { randomInt } from 'node:crypto';
import { chromium } from 'playwright-core';

export const BASE_URL = process.env.BASE_URL ?? 'http://localhost:8080';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
}

/** A user id that no other test uses. */
export function newUser() {
  return randomInt(1_000_000, 2 ** 47);
}

/**
 * Opens a page as `user` and collects its errors: exceptions, and violations of the Content-Security-Policy.
 */
export async function open(browser, { user = newUser(), language = 'en', path = '/', ...options } = {}) {
  const context = await browser.newContext({
    locale: language === 'ru' ? 'ru-RU' : 'en-GB',
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  // Stored before the first script runs, as on a second visit; only once, so that the page can change it.
  await context.addInitScript((id) => {
    if (localStorage.getItem('chipin.user') === null) localStorage.setItem('chipin.user', String(id));
  }, user);
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(BASE_URL + path);
  return { context, page, user, complaints };
}
