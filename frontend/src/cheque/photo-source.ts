/**
 * The photos of a bill, each loaded once for the page: browsers do not store them, and the page shows a part of one for
 * every line.
 */
import { photoUrl } from '../api/ocr';

let kept: { hash: string; sources: Map<number, Promise<string>> } | null = null;

/** An address of a photo in this page. Rejects if there is no such photo. */
export function photoSource(hash: string, page = 1): Promise<string> {
  if (kept?.hash !== hash) {
    forgetPhoto();
    kept = { hash, sources: new Map() };
  }
  const { sources } = kept;
  const known = sources.get(page);
  if (known) return known;
  const source = load(hash, page);
  sources.set(page, source);
  source.catch(() => {
    // The next request tries again.
    if (sources.get(page) === source) sources.delete(page);
  });
  return source;
}

/** Frees the photos, when their bill is left. */
export function forgetPhoto(): void {
  for (const source of kept?.sources.values() ?? []) {
    source.then(
      (address) => URL.revokeObjectURL(address),
      () => undefined,
    );
  }
  kept = null;
}

async function load(hash: string, page: number): Promise<string> {
  const response = await fetch(photoUrl(hash, page));
  if (!response.ok) throw new Error(`the photo is not there: ${response.status}`);
  return URL.createObjectURL(await response.blob());
}
