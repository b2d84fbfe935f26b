/** The frame around the pages, and what they use of it. */
export { ErrorPage } from "./ErrorPage.tsx";
export { useMicrogrid } from "./microgrid.ts";
export { NoWallet } from "./NoWallet.tsx";
export { rootRoute } from "./rootRoute.tsx";
export { appSearch } from "./search.ts";
export { setUnread } from "./unread.ts";

/** The app when `/wattline.json` can't be read, which few ever see. */
export const brokenApp = async (message: string) =>
  (await import("./ConfigErrorPage.tsx")).brokenApp(message);
