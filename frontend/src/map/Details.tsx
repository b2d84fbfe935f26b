import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Mode } from "@wattline/sdk";
import type { ReactNode } from "react";
import { Person } from "../people/index.ts";
import { buttonClass, Energy, Price } from "../ui/index.ts";
import type { Home, Picked, Street, Tie } from "./street.ts";

/** What was pressed in the picture, and where more about it is. */
export function Details({
  picked,
  streets,
  ties,
  modes,
}: {
  readonly picked: Picked;
  readonly streets: readonly Street[];
  readonly ties: readonly Tie[];
  readonly modes: Readonly<Record<Mode, string>>;
}) {
  return (
    <div role="status" className="rounded-xl border border-line bg-surface p-4">
      <Content picked={picked} streets={streets} ties={ties} modes={modes} />
    </div>
  );
}

function Content({ picked, streets, ties, modes }: Parameters<typeof Details>[0]): ReactNode {
  if (picked.kind === "tie") {
    const { lower, higher } = picked;
    const tie = ties.find((one) => one.lower === lower && one.higher === higher);
    return tie && <TieDetails tie={tie} streets={streets} />;
  }
  const { microgrid } = picked;
  const street = streets.find((one) => one.microgrid === microgrid);
  if (street === undefined) return null;
  if (picked.kind === "home") {
    const home = street.homes.find(({ owner }) => owner === picked.owner);
    return home && <HomeDetails home={home} street={street} />;
  }
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p>
        <strong>{street.name}</strong>, {modes[street.mode]}:{" "}
        <Trans>{street.homes.length} homes</Trans>
      </p>
      <Links>
        <Link to="/market" search={{ microgrid }} className={buttonClass("primary", "small")}>
          <Trans>Its market</Trans>
        </Link>
        <Link to="/microgrid" search={{ microgrid }} className={buttonClass("secondary", "small")}>
          <Trans>Its state</Trans>
        </Link>
      </Links>
    </div>
  );
}

function HomeDetails({ home, street }: { readonly home: Home; readonly street: Street }) {
  const { owner, soldWh, boughtWh, pricePerKwh } = home;
  const { microgrid } = street;
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <div>
        <p className="font-semibold">
          <Person address={owner} />
        </p>
        <p className="text-sm">
          {soldWh > 0n && (
            <Trans>
              sells <Energy wh={soldWh} />
            </Trans>
          )}
          {soldWh > 0n && boughtWh > 0n && " · "}
          {boughtWh > 0n && (
            <Trans>
              buys <Energy wh={boughtWh} />
            </Trans>
          )}
          {pricePerKwh === undefined ? (
            <span className="text-muted">
              <Trans>trades nothing in this slot</Trans>
            </span>
          ) : (
            <>
              {" · "}
              <Trans>
                for <Price perKwh={pricePerKwh} />
              </Trans>
            </>
          )}
        </p>
      </div>
      <Links>
        <Link to="/market" search={{ microgrid }} className={buttonClass("primary", "small")}>
          <Trans>Offers</Trans>
        </Link>
        <Link
          to="/audit"
          search={{ microgrid, household: owner }}
          className={buttonClass("secondary", "small")}
        >
          <Trans>Trades</Trans>
        </Link>
      </Links>
    </div>
  );
}

function TieDetails({ tie, streets }: { readonly tie: Tie; readonly streets: readonly Street[] }) {
  const { lower, upWh, downWh, isOpen } = tie;
  const nameOf = (number: number) =>
    streets.find(({ microgrid }) => microgrid === number)?.name ?? String(number);
  const [from, to] = [nameOf(tie.lower), nameOf(tie.higher)];
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <div>
        <p className="font-semibold">
          <Trans>
            Tie line between {from} and {to}
          </Trans>
        </p>
        <p className="text-sm">
          {isOpen ? (
            <Trans>
              <Energy wh={upWh} /> to {to}, <Energy wh={downWh} /> to {from}
            </Trans>
          ) : (
            <Trans>Nothing crosses it now.</Trans>
          )}
        </p>
      </div>
      <Links>
        <Link
          to="/microgrid"
          search={{ microgrid: lower }}
          className={buttonClass("secondary", "small")}
        >
          <Trans>Its terms</Trans>
        </Link>
      </Links>
    </div>
  );
}

const Links = ({ children }: { readonly children: ReactNode }) => (
  <div className="flex flex-wrap gap-2">{children}</div>
);
