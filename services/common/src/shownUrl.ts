/**
 * A server's address as logs and errors show it: without user, password, path and query, which may hold a password or an API
 * key.
 */
export const shownUrl = (url: string): string =>
  URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : "an address that is none";
