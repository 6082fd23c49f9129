/** Provides the access token of the signed-in user; in development mode there is none. */

export interface Bearer {
  /** A valid token of this user, or `null` if they are not signed in. Throws a `Failure`. */
  token(userId: number): Promise<string | null>;
  /** A token other than `refused`, which the gateway rejected. Throws a `Failure`. */
  renew(userId: number, refused: string): Promise<string | null>;
}

let bearer: Bearer | null = null;

/** Sets the token source for user requests; `null` is development mode. */
export function signInBy(source: Bearer | null): void {
  bearer = source;
}

/** The token source, if sign-in is required. */
export function signedInBy(): Bearer | null {
  return bearer;
}
