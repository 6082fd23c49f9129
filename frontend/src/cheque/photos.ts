/** The photos of a bill, in their order. */
import type { Cheque } from '../api/model';

export interface PagePhoto {
  page: number;
  width: number;
  height: number;
}

/** None for a bill by hand. */
export function photosOf({ photo, photos }: Cheque): PagePhoto[] {
  if (photos && photos.length > 0) return photos;
  return photo ? [{ page: 1, ...photo }] : [];
}
