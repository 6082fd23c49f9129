/** The current time for relative times. Ticks slowly, because seconds are not shown. */

const TICK_MS = 5_000;

export class Clock {
  now = $state(Date.now());

  /** Starts ticking; returns a function that stops it. */
  start(): () => void {
    const timer = setInterval(() => {
      this.now = Date.now();
    }, TICK_MS);
    return () => clearInterval(timer);
  }
}
