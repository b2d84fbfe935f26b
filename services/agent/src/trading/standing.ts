import type { LockFacts } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import { isoOf } from "../iso.ts";
import type { MarketState } from "./market.ts";

/** Whether the agent trades, and why not, in words for the household. */
export interface Standing {
  readonly isTrading: boolean;
  readonly words: string;
}

/** What the chain allows a delegate. */
export function standingOf(market: MarketState | undefined, delegate: Address): Standing {
  if (market === undefined) {
    return stopped("The device is not registered yet: run agent pair. Trading begins then.");
  }
  const { allowance, nowSeconds, meter, isOffline } = market;
  if (isOffline) return offlineStanding(market, delegate);
  const { allowanceMillis, untilSeconds } = allowance;
  const cure = `To go on, authorise it in the dApp (Autopilot); metering goes on.`;
  if (allowanceMillis === 0n && untilSeconds < nowSeconds) {
    return stopped(
      `The account ${meter.owner} does not allow the delegate ${delegate} to trade, or does not any more. ${cure}`,
    );
  }
  if (allowanceMillis === 0n) {
    return stopped(`The delegate's allowance is used up or was revoked. ${cure}`);
  }
  if (untilSeconds < nowSeconds) {
    return stopped(
      `The delegate was allowed to trade until ${isoOf(untilSeconds * 1000)}. ${cure}`,
    );
  }
  return { isTrading: true, words: "The agent trades." };
}

/** The lock under which a delegate may sign firm orders; undefined when there is none. */
export function firmLock(
  { account: { lock }, nowSeconds }: Pick<MarketState, "account" | "nowSeconds">,
  delegate: Address,
): LockFacts | undefined {
  const isHeld =
    lock !== undefined && nowSeconds < lock.untilSeconds && isAddressEqual(lock.signer, delegate);
  return isHeld ? lock : undefined;
}

function offlineStanding(market: MarketState, delegate: Address): Standing {
  const lock = firmLock(market, delegate);
  if (lock !== undefined) {
    return {
      isTrading: true,
      words: `The chain is out of reach. The agent trades with the money that is locked to ${lock.settler} until ${isoOf(lock.untilSeconds * 1000)}.`,
    };
  }
  return stopped(
    `The chain is out of reach, and no money is locked that the delegate ${delegate} may trade with. Trading begins again when the chain is back; metering goes on.`,
  );
}

const stopped = (words: string): Standing => ({ isTrading: false, words });
