/** The frame around the pages, and what they use of it. */
export { ConfigErrorPage } from "./ConfigErrorPage.tsx";
export { ErrorPage } from "./ErrorPage.tsx";
export { useMicrogrid } from "./microgrid.ts";
export { NoWallet } from "./NoWallet.tsx";
export { rootRoute } from "./rootRoute.tsx";
export { appSearch } from "./search.ts";
