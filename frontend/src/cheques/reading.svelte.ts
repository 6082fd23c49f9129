/** The reading of one photo: checking, sending, waiting, result. */
import type { Failure } from '../api/failure';
import { type BillPart, loadImage, readReading } from '../api/ocr';
import type { ReadCheque, Reading as Progress } from '../api/model';
import { asFailure } from '../state/pager.svelte';
import type { PictureRefusal } from './picture';
import { preparePicture } from './prepare-picture';

export type ReadingState =
  | { name: 'idle' }
  | { name: 'checking' }
  | { name: 'sending'; part: number }
  /** `progress` is `null` until the server reports it. */
  | { name: 'reading'; progress: Progress | null }
  | { name: 'refused'; refusal: PictureRefusal }
  | { name: 'failed'; failure: Failure; retryAt: number | null }
  | { name: 'read'; cheque: ReadCheque };

const POLL_MS = 500;

export class Reading {
  state = $state.raw<ReadingState>({ name: 'idle' });
  /** The preview of the photo in the meantime. */
  preview = $state<string | null>(null);
  readonly #userId: number;
  #file: Blob | null = null;
  #abort: AbortController | null = null;
  /** Of the photo and what it is for. */
  #key = '';
  #part: BillPart | undefined;

  constructor(userId: number) {
    this.#userId = userId;
  }

  get busy(): boolean {
    return ['checking', 'sending', 'reading'].includes(this.state.name);
  }

  /** Reads a photo: of a new bill, or another one of a bill that exists. */
  async begin(file: Blob, part?: BillPart): Promise<void> {
    this.cancel();
    this.#part = part;
    this.#key = randomUuid();
    this.#file = file;
    this.preview = URL.createObjectURL(file);
    await this.#run(file);
  }

  /** Retries with the same photo. */
  async retry(): Promise<void> {
    if (this.#file && !this.busy) await this.#run(this.#file);
  }

  /** Discards the photo, and cancels the current operation. */
  cancel(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.#file = null;
    if (this.preview) URL.revokeObjectURL(this.preview);
    this.preview = null;
    this.state = { name: 'idle' };
  }

  async #run(file: Blob): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    this.state = { name: 'checking' };
    const prepared = await preparePicture(file);
    if (abort.signal.aborted) return;
    if (!prepared.ok) {
      this.state = { name: 'refused', refusal: prepared.refusal };
      return;
    }
    const reading = randomUuid();
    this.state = { name: 'sending', part: 0 };
    const poll = setInterval(() => void this.#follow(reading, abort.signal), POLL_MS);
    try {
      const cheque = await loadImage({
        userId: this.#userId,
        picture: prepared.picture,
        reading,
        onSent: (part) => this.#onSent(part),
        signal: abort.signal,
        idempotencyKey: this.#key,
        part: this.#part,
      });
      if (!abort.signal.aborted) this.state = { name: 'read', cheque };
    } catch (cause) {
      if (!abort.signal.aborted) this.#fail(asFailure(cause));
    } finally {
      clearInterval(poll);
    }
  }

  #onSent(part: number): void {
    if (this.state.name !== 'sending') return;
    this.state = part < 1 ? { name: 'sending', part } : { name: 'reading', progress: null };
  }

  async #follow(reading: string, signal: AbortSignal): Promise<void> {
    if (this.state.name !== 'reading') return;
    const progress = await readReading(reading);
    if (this.state.name === 'reading' && !signal.aborted) this.state = { name: 'reading', progress };
  }

  #fail(failure: Failure): void {
    const seconds = failure.problem?.retry_after_seconds;
    const retryAt = failure.problem?.status === 503 && seconds ? Date.now() + seconds * 1000 : null;
    this.state = { name: 'failed', failure, retryAt };
  }
}

// `crypto.randomUUID` is not available on plain HTTP from another machine.
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
