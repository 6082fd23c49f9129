/** Checks whether a file can be read as a cheque, without decoding it. */

export const BYTES_MAX = 10_000_000;
export const PIXELS_MAX = 40_000_000;
/** Formats in the file dialog. */
export const ACCEPTED = 'image/jpeg,image/png,image/webp,image/heic,application/pdf';
/** Formats of the camera: iPhones convert their photos to JPEG if HEIC is not listed, which is read faster. */
export const PHOTOGRAPHED = 'image/jpeg,image/png,image/webp';
/** Number of bytes needed to detect any known format. */
export const HEAD_BYTES = 32;

export type PictureKind = 'jpeg' | 'png' | 'webp' | 'heic' | 'avif' | 'svg' | 'pdf' | 'gif' | 'other';
export type PictureRefusal = 'empty' | 'svg' | 'unsupported' | 'broken' | 'too_large';

/** Detects the format by the first bytes, because file names and types are unreliable. */
export function kindOf(head: Uint8Array): PictureKind {
  const text = String.fromCharCode(...head);
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
  if (text.slice(4, 8) === 'ftyp' && /^(hei[cmsx]|hev[cx]|mif1|msf1)/.test(text.slice(8, 12))) return 'heic';
  if (text.slice(4, 8) === 'ftyp' && text.startsWith('avi', 8)) return 'avif';
  if (text.startsWith('%PDF')) return 'pdf';
  if (text.startsWith('GIF8')) return 'gif';
  // With or without a byte order mark.
  return /^(\xef\xbb\xbf)?\s*<(\?xml|svg|!--|!doctype svg)/i.test(text) ? 'svg' : 'other';
}

/** Why a file of this format cannot be sent unchanged; `null` if it can. */
export function refusalOf(kind: PictureKind, bytes: number): PictureRefusal | null {
  if (bytes === 0) return 'empty';
  if (kind === 'svg') return kind;
  if (kind === 'avif' || kind === 'gif' || kind === 'other') return 'unsupported';
  return bytes > BYTES_MAX ? 'too_large' : null;
}

/** The scale factor of both sides for a picture of at most `pixelsMax` pixels; 1 if it is small enough. */
export function scaleFor(width: number, height: number, pixelsMax: number): number {
  return Math.min(1, Math.sqrt(pixelsMax / (width * height)));
}
