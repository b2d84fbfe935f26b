import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, Suspense } from "react";
import type { Address } from "viem";
import { useConnection } from "wagmi";
import { NoWallet } from "../app/index.ts";
import { useNetwork } from "../chain/index.ts";
import { OpenOrders } from "../orders/index.ts";
import { lazily, PageHeader, SkeletonLines, Tabs } from "../ui/index.ts";
import { Figures } from "./Figures.tsx";
import { useMyMeters } from "./history/meters.ts";
import { WaitingReadings } from "./meters/WaitingReadings.tsx";
import { ENERGY_TABS, type EnergyTab } from "./search.ts";

const Balances = lazily(() => import("./balances/Balances.tsx"));
const MoneyTab = lazily(() => import("./money/MoneyTab.tsx"));
const Earnings = lazily(() => import("./earnings/Earnings.tsx"));
const ToBeSettled = lazily(() => import("./promises/ToBeSettled.tsx"));
const Meters = lazily(() => import("./meters/Meters.tsx"));

const route = getRouteApi("/energy");

/** A household's meters, readings, energy, orders and money. */
export function EnergyPage() {
  const { address } = useConnection();
  return (
    <>
      <PageHeader title={<Trans>My energy</Trans>}>
        <Trans>Your meters, your energy, your orders and your money.</Trans>
      </PageHeader>
      {address === undefined ? <NoWallet /> : <Household key={address} holder={address} />}
    </>
  );
}

function Household({ holder }: { readonly holder: Address }) {
  const { t } = useLingui();
  const { tab = "balances" } = route.useSearch();
  const navigate = route.useNavigate();
  const { nodeUrl } = useNetwork();
  const meters = useMyMeters(holder);
  const contents: Readonly<Record<EnergyTab, readonly [label: string, content: ReactNode]>> = {
    balances: [t`Energy`, <Balances key="balances" holder={holder} />],
    orders: [t`Orders`, <OpenOrders key="orders" />],
    money: [t`Money`, <MoneyTab key="money" holder={holder} />],
    earnings: [t`Earnings`, <Earnings key="earnings" holder={holder} />],
    meters: [t`Meters`, <Meters key="meters" holder={holder} meters={meters} />],
  };
  return (
    <div className="flex flex-col gap-4">
      <Figures holder={holder} />
      {nodeUrl !== undefined && (
        <Suspense>
          <ToBeSettled holder={holder} />
        </Suspense>
      )}
      <WaitingReadings holder={holder} meters={meters.data} />
      <Tabs
        label={t`My energy`}
        value={tab}
        onChange={(next) =>
          void navigate({
            search: (search) => ({ ...search, tab: ENERGY_TABS.find((one) => one === next) }),
            replace: true,
          })
        }
        tabs={ENERGY_TABS.map((value) => {
          const [label, content] = contents[value];
          return {
            value,
            label,
            content: <Suspense fallback={<SkeletonLines lines={6} />}>{content}</Suspense>,
          };
        })}
      />
    </div>
  );
}
