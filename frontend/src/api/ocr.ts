/** API client of ocr-service, through the gateway. */
import { signedInBy } from './bearer';
import { Failure } from './failure';
import { ACCEPT, call, identity, problemFailure } from './http';
import { readJson } from './json';
import type { ReadCheque, Reading } from './model';

export interface Upload {
  userId: number;
  picture: Blob;
  /** A random UUID under which the progress can be queried. */
  reading: string;
  /** Share of the upload that was sent, from 0 to 1. */
  onSent(part: number): void;
  signal: AbortSignal;
  /** A repeat with it after a lost response is not read twice. */
  idempotencyKey: string;
  /** The bill of which this is another photo. */
  part?: BillPart | undefined;
}

/** What a photo is for a bill that exists. */
export interface BillPart {
  hash: string;
  /** It takes the place of what was read before. */
  again: boolean;
}

// Enough for an upload over a slow network plus at most a minute of reading.
const TIMEOUT_MS = 180_000;

/** Uploads the picture and waits for the result. Throws a `Failure`; an abort is `network`. */
export async function loadImage(upload: Upload): Promise<ReadCheque> {
  const bearer = signedInBy();
  if (!bearer) return send(upload, null);
  const token = await bearer.token(upload.userId);
  try {
    return await send(upload, token);
  } catch (cause) {
    // As for every request: if the gateway rejects a token, it has not forwarded the request.
    const isRefused = token !== null && cause instanceof Failure && cause.code === 'unauthenticated';
    const renewed = isRefused ? await bearer.renew(upload.userId, token) : null;
    if (renewed === null) throw cause;
    return send(upload, renewed);
  }
}

function send({ userId, picture, reading, onSent, signal, idempotencyKey, part }: Upload, token: string | null): Promise<ReadCheque> {
  // Not fetch, because it does not report the progress of an upload.
  const request = new XMLHttpRequest();
  const body = new FormData();
  body.set('file', picture, 'cheque');
  const query = new URLSearchParams({ reading, ...(part && { cheque: part.hash, again: String(part.again) }) });
  request.open('POST', `/ocr/load-image?${query.toString()}`);
  request.setRequestHeader('Idempotency-Key', idempotencyKey);
  request.setRequestHeader('Accept', ACCEPT);
  for (const [name, value] of Object.entries(identity(userId, token))) request.setRequestHeader(name, value);
  request.timeout = TIMEOUT_MS;
  request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0);
  request.upload.onload = () => onSent(1);
  signal.addEventListener('abort', () => request.abort(), { once: true });
  return new Promise((resolve, reject) => {
    request.onload = () => {
      try {
        resolve(read(request));
      } catch (cause) {
        reject(cause);
      }
    };
    request.onerror = request.onabort = () => reject(new Failure('network'));
    request.ontimeout = () => reject(new Failure('timeout'));
    request.send(body);
  });
}

function read(request: XMLHttpRequest): ReadCheque {
  const { status, statusText, responseText } = request;
  if (status !== 201) {
    const headers = { get: (name: string) => request.getResponseHeader(name) };
    throw problemFailure({ status, statusText, headers }, responseText);
  }
  try {
    return readJson(responseText) as ReadCheque;
  } catch (cause) {
    throw new Failure('unreadable', null, cause);
  }
}

/** The progress of a reading; `null` if the responding replica does not know it. */
export async function readReading(reading: string): Promise<Reading | null> {
  try {
    return (await call<Reading>(`/ocr/readings/${reading}`, { userId: null })).data;
  } catch {
    return null;
  }
}

export function photoUrl(hash: string, page = 1): string {
  return `/ocr/cheques/${hash}/photo${page === 1 ? '' : `?page=${page}`}`;
}
