/** Stores a guest's secret token per cheque in this browser, so that they stay the same guest. */

export function recallToken(hash: string): string | null {
  try {
    return localStorage.getItem(key(hash));
  } catch {
    return null;
  }
}

/** Without storage, the token lives as long as the page. */
export function rememberToken(hash: string, token: string | null): void {
  try {
    if (token === null) localStorage.removeItem(key(hash));
    else localStorage.setItem(key(hash), token);
  } catch {
    return;
  }
}

function key(hash: string): string {
  return `chipin.guest.${hash}`;
}
