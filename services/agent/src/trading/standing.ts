import type { Address } from "viem";
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
  const { allowance, nowSeconds, meter } = market;
  const { allowanceMillis, untilSeconds } = allowance;
  const cure = `To go on, authorise it in the dApp (My energy, Home agent); metering goes on.`;
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

const stopped = (words: string): Standing => ({ isTrading: false, words });
