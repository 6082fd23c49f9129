/** The live WebSocket connection of this page, with automatic reconnects. */
import { delayMs } from './backoff';

const RESTARTING = 1012;
// The backoff is reset after a connection has been stable for this long.
const STABLE_MS = 5_000;
const PROBE_MS = 3_000;

export type ConnectionState =
  | { name: 'connecting' }
  | { name: 'live' }
  | { name: 'waiting'; retryAt: number; online: boolean };

export interface ConnectionEvents {
  onLive(): void;
  onLost(why: 'restarting' | 'offline' | 'lost'): void;
  onMessage(text: string): void;
}

export class Connection {
  state = $state.raw<ConnectionState>({ name: 'connecting' });
  readonly #url: () => Promise<string>;
  readonly #events: ConnectionEvents;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #wasLive = false;
  #retryTimer = 0;
  #stableTimer = 0;
  #stop: AbortController | null = null;
  // Number of the current attempt; a URL that arrives for an earlier one is ignored.
  #try = 0;

  /** `url` is called before each attempt, because the URL may contain a single-use ticket. */
  constructor(url: () => Promise<string>, events: ConnectionEvents) {
    this.#url = url;
    this.#events = events;
  }

  start(): void {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    addEventListener('online', () => this.reconnect(), { signal });
    addEventListener('offline', () => void this.#probe(), { signal });
    document.addEventListener('visibilitychange', () => this.#onVisible(), { signal });
    this.#connect();
  }

  stop(): void {
    this.#stop?.abort();
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#stableTimer);
    this.#drop();
  }

  /** Connects immediately if it is waiting for the next attempt. */
  reconnect(): void {
    if (this.state.name === 'waiting') this.#connect();
  }

  #connect(): void {
    clearTimeout(this.#retryTimer);
    this.#drop();
    if (!this.#wasLive) this.state = { name: 'connecting' };
    void this.#open();
  }

  async #open(): Promise<void> {
    this.#try += 1;
    const mine = this.#try;
    const url = await this.#url().catch(() => null);
    if (mine !== this.#try || this.#stop?.signal.aborted) return;
    if (url === null) return this.#onClose(1006);
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => this.#onOpen();
    socket.onmessage = ({ data }) => this.#events.onMessage(String(data));
    socket.onclose = ({ code }) => this.#onClose(code);
  }

  #onOpen(): void {
    this.state = { name: 'live' };
    this.#stableTimer = window.setTimeout(() => {
      this.#attempt = 0;
    }, STABLE_MS);
    this.#wasLive = true;
    this.#events.onLive();
  }

  #onClose(code: number): void {
    clearTimeout(this.#stableTimer);
    this.#socket = null;
    const online = navigator.onLine;
    if (this.state.name !== 'waiting') {
      this.#events.onLost(code === RESTARTING ? 'restarting' : online ? 'lost' : 'offline');
    }
    // Also while offline: the server may run on this machine.
    const wait = delayMs(this.#attempt, Math.random());
    this.#attempt += 1;
    this.state = { name: 'waiting', retryAt: Date.now() + wait, online };
    this.#retryTimer = window.setTimeout(() => this.#connect(), wait);
  }

  #onVisible(): void {
    if (document.visibilityState === 'visible') this.reconnect();
  }

  // "offline" means that the machine lost its network, not that this socket is dead; and a dead socket can
  // stay silent for minutes. So check the connection.
  async #probe(): Promise<void> {
    try {
      await fetch('/gateway/info', { cache: 'no-store', signal: AbortSignal.timeout(PROBE_MS) });
    } catch {
      if (this.state.name !== 'live') return;
      this.#drop();
      this.#onClose(1006);
    }
  }

  #drop(): void {
    this.#try += 1;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
