import { actsOf, decodeLog, type EnergyBySlot, LANES, laneOf, type MovedWord } from "@wattline/sdk";
import type { Log } from "viem";
import { getBlockNumber, getLogs } from "viem/actions";
import type { ChainContext } from "../chain/index.ts";
import type { Traded } from "./traded.ts";

/** Blocks that a public RPC lets one ask for at once. */
const CHUNK = 10_000n;

/** Reads trades from the chain's own events, the grid's standing orders left out. */
export async function readTraded(
  { client, network: { deployment }, contracts, signal }: ChainContext,
  microgrid: number,
): Promise<ReadonlyMap<number, Traded>> {
  const head = await getBlockNumber(client);
  const traded = new Map<number, Traded>();
  const dsos = new Set<string>();
  for (let from = BigInt(deployment.fromBlock); from <= head; from += CHUNK) {
    signal.throwIfAborted();
    const last = from + CHUNK - 1n;
    const logs = await getLogs(client, {
      address: [contracts.marketplace.address, contracts.meters.address, contracts.energy.address],
      fromBlock: from,
      toBlock: last < head ? last : head,
    });
    for (const events of byTransaction(logs)) {
      for (const act of actsOf(deployment, events)) {
        if (act.kind === "plain") {
          const { event } = act;
          if (event.eventName === "Founded" || event.eventName === "DsoSet") {
            dsos.add(event.args.dso.toLowerCase());
          }
        } else if (act.kind === "accept") {
          add(act.sent.from, act.arrived, act.traded.args.cost);
        } else if (act.kind === "settle") {
          for (const outcome of act.outcomes) {
            if (outcome.skipped === undefined) {
              add(outcome.move.from, outcome.move, outcome.matched.args.cost);
            }
          }
        }
      }
    }
  }
  return traded;

  function byTransaction(logs: readonly Log<bigint, number, false>[]) {
    const groups = new Map<string, NonNullable<ReturnType<typeof decodeLog>>[]>();
    for (const log of logs) {
      const event = decodeLog(deployment, log);
      if (event === undefined) continue;
      const group = groups.get(log.transactionHash);
      if (group === undefined) groups.set(log.transactionHash, [event]);
      else group.push(event);
    }
    return groups.values();
  }

  /** The cost of a trade belongs to its slots by energy. */
  function add(
    seller: string,
    { to, words }: { readonly to: string; readonly words: readonly MovedWord[] },
    cost: bigint,
  ): void {
    if (dsos.has(seller.toLowerCase()) || dsos.has(to.toLowerCase())) return;
    const energyWh = slotsOf(words, microgrid);
    const total = [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);
    for (const [slot, wh] of energyWh) {
      const before = traded.get(slot) ?? { energyWh: 0n, cost: 0n };
      traded.set(slot, {
        energyWh: before.energyWh + wh,
        cost: before.cost + (cost * wh) / total,
      });
    }
  }
}

function slotsOf(words: readonly MovedWord[], microgrid: number): EnergyBySlot {
  const energyWh = new Map<number, bigint>();
  for (const { microgrid: of, blockNumber, energy } of words) {
    if (of !== microgrid) continue;
    for (let lane = 0; lane < LANES; lane++) {
      const wh = laneOf(energy, lane);
      if (wh > 0n) energyWh.set(blockNumber * LANES + lane, wh);
    }
  }
  return energyWh;
}
