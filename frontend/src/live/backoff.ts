/** The delay before the next connection attempt. */

const DELAY_MS_MIN = 500;
const DELAY_MS_MAX = 30_000;

/**
 * Exponential backoff with full jitter, from 0.5 to 30 seconds.
 *
 * A restart of the server disconnects all pages at once; without jitter they would all reconnect at the same
 * moments. `random` is in [0, 1).
 */
export function delayMs(attempt: number, random: number): number {
  const ceiling = Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** (Math.min(attempt, 10) + 1));
  return Math.round(DELAY_MS_MIN + random * (ceiling - DELAY_MS_MIN));
}
