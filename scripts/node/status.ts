import type { IslandStatus } from "@wattline/auctioneer/status";
import { MendableError, reasonOf } from "@wattline/common/mendable";

/** Asks a running node how it stands. @throws MendableError when none runs there */
export async function statusAt(url: string, signal: AbortSignal): Promise<IslandStatus> {
  const response = await fetch(`${url}/promises`, { signal }).catch((error: unknown) => {
    throw new MendableError(
      `No node answers at ${url} (${reasonOf(error)}). Start it with: npm run node`,
    );
  });
  return (await response.json()) as IslandStatus;
}

/** How a node stands, in lines for its operator. */
export function linesOf(status: IslandStatus): string[] {
  const { state, block, blockTime, sums } = status;
  const asOf = blockTime === null ? "of no block yet" : `as of block ${block}, ${isoOf(blockTime)}`;
  const states: Record<IslandStatus["state"], string> = {
    connected: `The chain is in reach: ${asOf}.`,
    offline: `The chain is out of reach: what is known is ${asOf}.`,
    settling: `The chain is back, and what was promised is being settled: ${asOf}.`,
  };
  return [
    states[state],
    `Promised: ${sums.energyWh} Wh in ${sums.promises} promises; settled ${sums.settledWh} Wh, failed ${sums.failedWh} Wh.`,
    `Readings handed over: ${sums.readings}; still to be reported: ${sums.readingsWaiting}.`,
    ...status.failures.map(
      ({ slot, energyWh, seller, buyer, words, cause, ...bears }) =>
        `Failed: ${energyWh} Wh of slot ${slot} from ${seller} to ${buyer}, caused by the ${cause}: ${words}. At most the buyer bears ${bears.buyerBearsMillis} and the seller ${bears.sellerBearsMillis} thousandths of a base unit.`,
    ),
    ...status.contradictions.map(
      ({ meter, slot, handedWh, otherWh, where }) =>
        `The meter ${meter} had ${handedWh} Wh in slot ${slot}, and then ${otherWh} Wh ${where}.`,
    ),
    ...status.refusedReadings.map(
      ({ meter, reason }) => `The chain refuses a reading of ${meter}: ${reason}.`,
    ),
  ];
}

const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
