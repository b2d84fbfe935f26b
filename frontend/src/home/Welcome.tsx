import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Microgrid } from "@wattline/sdk";
import { ArrowRight, House, Sun } from "lucide-react";
import { buttonClass, cx } from "../ui/index.ts";
import { ConnectButton, type DemoPerson, useTryDemo } from "../wallet/index.ts";
import { CommunityGains } from "./CommunityGains.tsx";

/** What Wattline is, what it has brought its neighbours, and the ways in. */
export function Welcome({ microgrid }: { readonly microgrid: Microgrid | undefined }) {
  const people = useTryDemo().filter(({ role }) => !role.includes("operator"));
  return (
    <section className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_24rem]">
      <div>
        <h1 className="text-3xl font-bold tracking-tight sm:text-4xl">
          <Trans>Sun from next door</Trans>
        </h1>
        <p className="mt-3 max-w-2xl text-lg text-muted">
          <Trans>
            Neighbours sell each other the electricity from their roofs: for more than the grid
            pays, and for less than it charges. Meters measure it, and nobody stands in between.
          </Trans>
        </p>
      </div>
      <div className="flex flex-col gap-3 lg:row-span-2">
        {people.map((person) => (
          <TryAs key={person.name} person={person} />
        ))}
        <Link
          to="/gains"
          className={buttonClass(people.length > 0 ? "secondary" : "primary", "large")}
        >
          <Trans>What would I gain?</Trans>
        </Link>
        {people.length === 0 && <ConnectButton prominent />}
      </div>
      <CommunityGains microgrid={microgrid} />
    </section>
  );
}

/** One press, and one acts as somebody of the demo. */
function TryAs({ person: { name, role, tryIt } }: { readonly person: DemoPerson }) {
  const { t } = useLingui();
  const sells = role === "prosumer";
  const Icon = sells ? Sun : House;
  return (
    <button
      type="button"
      onClick={tryIt}
      className="flex min-h-16 items-center gap-3 rounded-2xl border border-control bg-surface px-4 py-3 text-left shadow-card hover:border-leaf hover:bg-leaf-soft"
    >
      <span
        className={cx(
          "grid size-11 shrink-0 place-items-center rounded-xl",
          sells ? "bg-sun text-sun-ink" : "bg-sky-soft text-sky",
        )}
      >
        <Icon aria-hidden="true" className="size-6" />
      </span>
      <span className="flex-1">
        <span className="block font-semibold">{t`Try it as ${name}`}</span>
        <span className="block text-sm text-muted">
          {sells ? (
            <Trans>has a roof with solar panels, and sells</Trans>
          ) : (
            <Trans>has no roof of her own, and buys</Trans>
          )}
        </span>
      </span>
      <ArrowRight aria-hidden="true" className="size-5 shrink-0 text-muted" />
    </button>
  );
}
