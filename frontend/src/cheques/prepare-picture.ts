/** Prepares a picture for upload: most are sent unchanged, too large ones are downscaled in the browser. */
import { BYTES_MAX, HEAD_BYTES, kindOf, type PictureRefusal, PIXELS_MAX, refusalOf, scaleFor } from './picture';

export type Prepared = { ok: true; picture: Blob } | { ok: false; refusal: PictureRefusal };

// Half the limit: text stays sharp enough, and the file certainly fits.
const SHRUNK_PIXELS = PIXELS_MAX / 2;
const SHRUNK_QUALITY = 0.9;

export async function preparePicture(file: Blob): Promise<Prepared> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const kind = kindOf(head);
  const refusal = refusalOf(kind, file.size);
  // Some browsers can decode what the server can't, and large files: then the picture is encoded again.
  if (kind === 'avif' || (refusal === 'too_large' && kind !== 'pdf')) {
    const redrawn = await redraw(file);
    return redrawn ? { ok: true, picture: redrawn } : { ok: false, refusal: refusal ?? 'unsupported' };
  }
  if (refusal) return { ok: false, refusal };
  // Few browsers know these; the server checks their size.
  if (kind === 'heic' || kind === 'pdf') return { ok: true, picture: file };
  const size = await sizeOf(file);
  if (size === null) return { ok: false, refusal: 'broken' };
  if (size.width * size.height <= PIXELS_MAX) return { ok: true, picture: file };
  const redrawn = await redraw(file);
  return redrawn ? { ok: true, picture: redrawn } : { ok: false, refusal: 'too_large' };
}

// An image element knows its size before the pixels are decoded, so a decompression bomb is harmless here.
function sizeOf(file: Blob): Promise<{ width: number; height: number } | null> {
  const url = URL.createObjectURL(file);
  const image = new Image();
  return new Promise((resolve) => {
    image.onload = () => {
      resolve({ width: image.naturalWidth, height: image.naturalHeight });
      URL.revokeObjectURL(url);
    };
    image.onerror = () => {
      resolve(null);
      URL.revokeObjectURL(url);
    };
    image.src = url;
  });
}

async function redraw(file: Blob): Promise<Blob | null> {
  const size = await sizeOf(file);
  if (!size) return null;
  const scale = scaleFor(size.width, size.height, SHRUNK_PIXELS);
  const resized = {
    resizeWidth: Math.max(1, Math.round(size.width * scale)),
    resizeHeight: Math.max(1, Math.round(size.height * scale)),
    resizeQuality: 'high',
  } as const;
  const bitmap = await createImageBitmap(file, resized).catch(() => null);
  if (!bitmap) return null;
  const canvas = document.createElement('canvas');
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  const drawn = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', SHRUNK_QUALITY));
  return drawn && drawn.size <= BYTES_MAX ? drawn : null;
}
