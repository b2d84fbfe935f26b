import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi, Link, Outlet } from "@tanstack/react-router";
import { Bell, ChartLine, House, Network, ShieldCheck, TrendingUp, Zap } from "lucide-react";
import { Suspense } from "react";
import { useNetwork } from "../chain/index.ts";
import { IndexerRefresh } from "../data/index.ts";
import { NamesOfPeople } from "../people/index.ts";
import { ConnectButton, DemoConfirm, Messages, PendingTransactions } from "../wallet/index.ts";
import { Banners } from "./Banners.tsx";
import { Logo } from "./Logo.tsx";
import { MicrogridSelect } from "./MicrogridSelect.tsx";
import { NetworkSelect } from "./NetworkSelect.tsx";
import { LanguageSelect, ThemeToggle } from "./preferences.tsx";
import { useUnread } from "./unread.ts";
import { usePageTitle } from "./usePageTitle.ts";

/** Header, navigation and banners around every page. */
export function Shell() {
  const { chainId } = useNetwork().deployment;
  usePageTitle();
  return (
    <>
      <a
        href="#page"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-lg bg-leaf px-4 py-2 font-semibold text-leaf-ink focus:translate-y-0"
      >
        <Trans>Skip to the page</Trans>
      </a>
      <header className="print:hidden sticky top-0 z-30 border-b border-line bg-paper/95 backdrop-blur">
        <div className="mx-auto flex min-h-16 max-w-7xl flex-wrap items-center gap-2 px-4 py-2 sm:gap-4 lg:flex-nowrap">
          <Link to="/" className="flex shrink-0 items-center gap-2 rounded-lg text-lg font-bold">
            <Logo className="size-9" />
            <span className="hidden sm:inline">Wattline</span>
            <span className="sr-only sm:hidden">Wattline</span>
          </Link>
          <Navigation place="top" />
          <NetworkSelect className="order-last w-full lg:order-none lg:ml-auto lg:w-36 lg:[&+div]:ml-0" />
          <div className="ml-auto flex min-w-0 flex-1 items-center justify-end gap-1 sm:gap-2 lg:flex-none">
            <MicrogridSelect />
            <ThemeToggle />
            <LanguageSelect />
            <ConnectButton />
          </div>
        </div>
      </header>
      <div className="print:hidden">
        <Banners />
      </div>
      <main
        id="page"
        tabIndex={-1}
        className="mx-auto max-w-7xl px-4 pt-5 pb-28 outline-none lg:pb-12"
      >
        <Outlet key={chainId} />
      </main>
      <Navigation place="bottom" />
      <Messages />
      <DemoConfirm />
      <Suspense>
        <PendingTransactions />
      </Suspense>
      <IndexerRefresh />
      <NamesOfPeople />
    </>
  );
}

const root = getRouteApi("__root__");

const PLACES = {
  top: {
    bar: "hidden lg:flex items-center gap-1",
    link: "rounded-lg px-2 py-2 text-sm whitespace-nowrap",
    current: { className: "bg-leaf-soft text-leaf" },
    icon: undefined,
  },
  bottom: {
    bar: "print:hidden fixed inset-x-0 bottom-0 z-30 grid grid-cols-6 border-t border-line bg-paper pb-[env(safe-area-inset-bottom)] lg:hidden",
    link: "min-h-14 flex-col justify-center gap-0.5! py-1.5 text-center text-xs leading-tight -outline-offset-3",
    current: { className: "text-leaf" },
    icon: "size-5",
  },
} as const;

/** Links to the pages: in the header, and at the bottom of a phone. */
function Navigation({ place }: { readonly place: keyof typeof PLACES }) {
  const { t } = useLingui();
  const { microgrid } = root.useSearch();
  const unread = useUnread();
  const { bar, link, current, icon } = PLACES[place];
  const pages = [
    { to: "/", label: t`Home`, Icon: House },
    { to: "/market", label: t`Market`, Icon: ChartLine },
    { to: "/energy", label: t`My energy`, Icon: Zap },
    { to: "/activity", label: t`Activity`, Icon: Bell },
    { to: "/microgrid", label: t`Microgrid`, Icon: Network },
    { to: "/audit", label: t`Audit`, Icon: ShieldCheck },
    { to: "/gains", label: t`Gains`, Icon: TrendingUp },
  ] as const;
  // At the bottom six have room; Home leads to the seventh.
  const shown = place === "top" ? pages : pages.filter(({ to }) => to !== "/gains");
  return (
    <nav aria-label={t`Pages`} className={bar}>
      {shown.map(({ to, label, Icon }) => (
        <Link
          key={to}
          to={to}
          search={microgrid === undefined ? {} : { microgrid }}
          className={`relative flex items-center gap-1.5 font-semibold hover:text-leaf ${link}${to === "/gains" ? " max-xl:hidden" : ""}`}
          activeProps={current}
          activeOptions={{ includeSearch: false, exact: to === "/" }}
        >
          {icon !== undefined && <Icon aria-hidden="true" className={icon} />}
          {label}
          {to === "/activity" && unread > 0 && <Unread count={unread} />}
        </Link>
      ))}
    </nav>
  );
}

const MOST_COUNTED = 99;

/** How much is new, beside a link to it. */
const Unread = ({ count }: { readonly count: number }) => (
  <span className="rounded-full bg-sky px-1.5 text-xs leading-5 font-bold text-paper tabular-nums max-lg:absolute max-lg:top-0.5 max-lg:left-1/2 max-lg:ml-1">
    {count > MOST_COUNTED ? `${MOST_COUNTED}+` : count}
    <span className="sr-only">
      {" "}
      <Trans context="what has happened">new</Trans>
    </span>
  </span>
);
