/** Where requests get the access token of whoever signed in; in development mode there is none. */

export interface Bearer {
  /** A token of this user that is still good, or `null` when they are not signed in. Throws a `Failure`. */
  token(userId: number): Promise<string | null>;
  /** Another token of theirs than `refused`, which the gateway did not believe. Throws a `Failure`. */
  renew(userId: number, refused: string): Promise<string | null>;
}

let bearer: Bearer | null = null;

/** From now on requests of users are signed in by `source`; `null` is development mode. */
export function signInBy(source: Bearer | null): void {
  bearer = source;
}

/** Who signs requests in, if people sign in at all. */
export function signedInBy(): Bearer | null {
  return bearer;
}
