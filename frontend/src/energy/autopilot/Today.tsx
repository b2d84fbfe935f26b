import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { localDayOf, OFFER } from "@wattline/sdk";
import type { Address } from "viem";
import { localZone } from "../../browser/index.ts";
import { useChainTime } from "../../chain/index.ts";
import { type BookOrder, useSigned } from "../../data/index.ts";
import { Card, Energy } from "../../ui/index.ts";

/** What the agent has signed today, and what became of it, as the order book knows it. */
export function Today({ holder }: { readonly holder: Address }) {
  const time = useChainTime();
  const signed = useSigned(holder);
  if (signed === undefined || time === undefined) return null;
  const today = localDayOf(time, localZone());
  const own = signed.filter(
    ({ signer, receivedAt }) =>
      signer === "delegate" && localDayOf(receivedAt, localZone()) === today,
  );
  const offers = own.filter(({ order }) => order.side === OFFER);
  const bids = own.filter(({ order }) => order.side !== OFFER);
  return (
    <Card
      title={<Trans>What it did today</Trans>}
      actions={
        <Link to="/activity" search={{ show: "trades" }} className="underline">
          <Trans>What came of it</Trans>
        </Link>
      }
    >
      {own.length === 0 ? (
        <p className="text-muted">
          <Trans>It has signed nothing yet today.</Trans>
        </p>
      ) : (
        <ul className="flex flex-col gap-1">
          {offers.length > 0 && (
            <li>
              <Trans>
                It offered <Energy wh={energyOf(offers)} /> of your surplus, of which{" "}
                <Energy wh={soldOf(offers)} /> are sold.
              </Trans>
            </li>
          )}
          {bids.length > 0 && (
            <li>
              <Trans>
                It sought <Energy wh={energyOf(bids)} /> for your need, of which{" "}
                <Energy wh={soldOf(bids)} /> are bought.
              </Trans>
            </li>
          )}
        </ul>
      )}
      <p className="mt-2 text-sm text-muted">
        <Trans>Why it did so, and what it expects, is told by the agent's own page.</Trans>
      </p>
    </Card>
  );
}

const energyOf = (orders: readonly BookOrder[]): bigint =>
  orders.reduce((sum, { order }) => sum + BigInt(order.energy), 0n);

/** What was filled of those that are filled as a whole. */
const soldOf = (orders: readonly BookOrder[]): bigint =>
  energyOf(orders.filter(({ state }) => state === "filled"));
