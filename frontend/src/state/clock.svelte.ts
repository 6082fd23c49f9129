/** The time that relative times are told from. Ticks slowly: nobody needs seconds to run. */

const TICK_MS = 5_000;

export class Clock {
  now = $state(Date.now());

  /** Starts ticking; returns how to stop. */
  start(): () => void {
    const timer = setInterval(() => {
      this.now = Date.now();
    }, TICK_MS);
    return () => clearInterval(timer);
  }
}
