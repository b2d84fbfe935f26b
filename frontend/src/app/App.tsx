import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { WagmiProvider } from "wagmi";
import type { Networks } from "../chain/config.ts";
import { HeadProvider } from "../chain/head.tsx";
import { NetworkProvider } from "../chain/network.tsx";
import { wagmiConfigOf } from "../chain/wagmi.ts";
import { ConfigErrorPage } from "./ConfigErrorPage.tsx";
import type { AppRouter } from "./router.tsx";

/**
 * The whole app over the networks that `/wattline.json` names. What it keeps is made here, once: a component that is drawn
 * in a transition may begin more than once before it is seen.
 */
export function appOver(networks: Networks, router: AppRouter): ReactElement {
  const wagmiConfig = wagmiConfigOf(networks);
  const queries = new QueryClient({
    defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: false } },
  });
  return (
    <I18nProvider i18n={i18n}>
      <WagmiProvider config={wagmiConfig}>
        <QueryClientProvider client={queries}>
          <NetworkProvider networks={networks}>
            <HeadProvider>
              <RouterProvider router={router} />
            </HeadProvider>
          </NetworkProvider>
        </QueryClientProvider>
      </WagmiProvider>
    </I18nProvider>
  );
}

/** The app when it can't know its networks. */
export const brokenApp = (message: string): ReactElement => (
  <I18nProvider i18n={i18n}>
    <ConfigErrorPage message={message} />
  </I18nProvider>
);
