/** ocr-service, through the gateway. */
import { signedInBy } from './bearer';
import { Failure } from './failure';
import { ACCEPT, call, identity, problemFailure } from './http';
import { readJson } from './json';
import type { ReadCheque, Reading } from './model';

export interface Upload {
  userId: number;
  picture: Blob;
  /** A random UUID, under which the progress can be asked. */
  reading: string;
  /** How much has left this machine, from 0 to 1. */
  onSent(part: number): void;
  signal: AbortSignal;
}

// An upload over a slow network, then a minute of reading at most.
const TIMEOUT_MS = 180_000;

/** Sends the picture and waits until it is read. Throws a `Failure`; an abort is `network`. */
export async function loadImage(upload: Upload): Promise<ReadCheque> {
  const bearer = signedInBy();
  if (!bearer) return send(upload, null);
  const token = await bearer.token(upload.userId);
  try {
    return await send(upload, token);
  } catch (cause) {
    // As every request: a gateway that does not believe a token has done nothing.
    const isRefused = token !== null && cause instanceof Failure && cause.code === 'unauthenticated';
    const renewed = isRefused ? await bearer.renew(upload.userId, token) : null;
    if (renewed === null) throw cause;
    return send(upload, renewed);
  }
}

function send({ userId, picture, reading, onSent, signal }: Upload, token: string | null): Promise<ReadCheque> {
  // Not fetch: it does not tell how much of the body has been sent.
  const request = new XMLHttpRequest();
  const body = new FormData();
  body.set('file', picture, 'cheque');
  request.open('POST', `/ocr/load-image?reading=${reading}`);
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

/** How far a reading is; `null` when the one who answers does not know it. */
export async function readReading(reading: string): Promise<Reading | null> {
  try {
    return (await call<Reading>(`/ocr/readings/${reading}`, { userId: null })).data;
  } catch {
    return null;
  }
}

export function photoUrl(hash: string): string {
  return `/ocr/cheques/${hash}/photo`;
}
