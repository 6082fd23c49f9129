/**
 * The photo of a bill, loaded once for the page: browsers do not store it, and the page shows a part of it for every line.
 */
import { photoUrl } from '../api/ocr';

let kept: { hash: string; source: Promise<string> } | null = null;

/** An address of the photo in this page. Rejects if there is no photo. */
export function photoSource(hash: string): Promise<string> {
  if (kept?.hash === hash) return kept.source;
  forgetPhoto();
  const source = load(hash);
  kept = { hash, source };
  source.catch(() => {
    // The next request tries again.
    if (kept?.source === source) kept = null;
  });
  return source;
}

/** Frees the photo, when its bill is left. */
export function forgetPhoto(): void {
  kept?.source.then(
    (source) => URL.revokeObjectURL(source),
    () => undefined,
  );
  kept = null;
}

async function load(hash: string): Promise<string> {
  const response = await fetch(photoUrl(hash));
  if (!response.ok) throw new Error(`the photo is not there: ${response.status}`);
  return URL.createObjectURL(await response.blob());
}
