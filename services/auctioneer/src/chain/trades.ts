import { logRanges } from "@wattline/common/node";
import {
  type Act,
  actsOf,
  type BareTrade,
  type Deployment,
  decodeLog,
  type HistoryEvent,
  tradeOfMatch,
  tradeOfReservation,
} from "@wattline/sdk";
import { getAddress, type Hex, type PublicClient } from "viem";

/** A transaction's acts, as far as they concern trades, readings and money. */
export interface Done {
  readonly block: number;
  readonly transaction: Hex;
  readonly acts: readonly Act[];
  readonly events: readonly HistoryEvent[];
}

/** What was done in a run of blocks, transaction by transaction. @throws what the node throws */
export async function* doneIn(
  client: PublicClient,
  deployment: Deployment,
  from: number,
  to: number,
): AsyncGenerator<Done> {
  const { marketplace, meters, energy, microgrids } = deployment;
  const contracts = [marketplace, meters, energy, microgrids];
  for await (const { answer: logs } of logRanges(client, contracts, from, to)) {
    for (const [transaction, own] of Map.groupBy(logs, (log) => log.transactionHash ?? "0x")) {
      const events = own.flatMap(({ address, topics, data, logIndex }): HistoryEvent[] => {
        const log = { address: getAddress(address), topics, data, logIndex: logIndex ?? 0 };
        const event = decodeLog(deployment, log);
        return event === undefined ? [] : [event];
      });
      const block = Number(own[0]?.blockNumber ?? from);
      yield { block, transaction, acts: actsOf(deployment, events), events };
    }
  }
}

/** What two limits, or a limit and a posted price, have traded in an act; undefined for other acts. */
export const tradeOfAct = (act: Act): BareTrade | undefined =>
  act.kind === "match"
    ? tradeOfMatch(act.matched.args, act.sent, act.arrived)
    : act.kind === "reserve"
      ? tradeOfReservation(act.reserved.args)
      : undefined;
