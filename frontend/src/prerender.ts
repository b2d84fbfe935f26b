import { i18n } from "@lingui/core";
import { createMemoryHistory } from "@tanstack/react-router";
import { renderToString } from "react-dom/server";
import { zeroAddress } from "viem";
import { appOver } from "./App.tsx";
import type { Network } from "./chain/index.ts";
import { isLocale, loadInto } from "./i18n/index.ts";
import { routerOver } from "./router.tsx";

/** A placeholder: a page that has read nothing shows nothing of its network. */
const UNKNOWN: Network = {
  deployment: {
    chainId: 0,
    marketplace: zeroAddress,
    microgrids: zeroAddress,
    meters: zeroAddress,
    energy: zeroAddress,
    board: zeroAddress,
    fromBlock: 0,
  },
  name: "",
  rpcUrl: "http://127.0.0.1",
  currency: { address: zeroAddress, symbol: "", decimals: 0, name: "" },
};

/**
 * Renders a page as it looks before anything is read, as HTML that the build puts into `index.html`.
 * @throws When there is no such language.
 */
export async function prerender(path: string, locale: string): Promise<string> {
  if (!isLocale(locale)) throw new Error(`There are no messages in the language "${locale}".`);
  await loadInto(locale, ["i18n"]);
  i18n.activate(locale);
  const router = routerOver(createMemoryHistory({ initialEntries: [path] }));
  await router.load();
  return renderToString(appOver([UNKNOWN], router));
}
