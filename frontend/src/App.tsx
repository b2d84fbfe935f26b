import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { type ReactElement, type ReactNode, Suspense } from "react";
import { useConnection, WagmiProvider } from "wagmi";
import { NewsWatch } from "./activity/index.ts";
import { HeadProvider, NetworkProvider, type Networks, useNetwork } from "./chain/index.ts";
import type { AppRouter } from "./router.tsx";
import { CurrencyContext, ReadingFailureContext } from "./ui/index.ts";
import { ReadingFailure, wagmiConfigOf } from "./wallet/index.ts";

/**
 * The whole app on the networks in `/wattline.json`. Its query client and wallet configuration are created here, once: a
 * component that is rendered in a transition may start more than once before it is shown.
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
              <InItsCurrency>
                <ReadingFailureContext value={ReadingFailure}>
                  <RouterProvider router={router} />
                  <News onPress={() => void router.navigate({ to: "/activity" })} />
                </ReadingFailureContext>
              </InItsCurrency>
            </HeadProvider>
          </NetworkProvider>
        </QueryClientProvider>
      </WagmiProvider>
    </I18nProvider>
  );
}

/** Amounts that name no currency are in that of the network. */
function InItsCurrency({ children }: { readonly children: ReactNode }) {
  return <CurrencyContext value={useNetwork().currency}>{children}</CurrencyContext>;
}

/** Follows the news of a connected account; without one there are none. */
function News({ onPress }: { onPress(): void }) {
  const { isConnected } = useConnection();
  return (
    isConnected && (
      <Suspense>
        <NewsWatch onPress={onPress} />
      </Suspense>
    )
  );
}
