import { actsOf, decodeLog, type EnergyBySlot, LANES, laneOf, type MovedWord } from "@wattline/sdk";
import type { Log } from "viem";
import { getBlock, getBlockNumber, getLogs } from "viem/actions";
import { type ChainContext, type Microgrid, readEvents, useNetwork } from "../chain/index.ts";
import { type Indexed, useIndexed } from "../data/index.ts";
import type { Day } from "./day.ts";

/** Tariffs from a moment on, base units per kWh. */
export interface TariffStep {
  readonly since: number;
  readonly feedIn: bigint;
  readonly retail: bigint;
}

/** What a slot's minted energy has cost its buyers. */
export interface Traded {
  readonly energyWh: bigint;
  readonly cost: bigint;
}

/** Every set of tariffs that a microgrid has had, oldest first. */
export function useTariffHistory({ id }: Microgrid): Indexed<readonly TariffStep[]> {
  const { indexerUrl } = useNetwork();
  return useIndexed<readonly TariffStep[]>(
    ["tariffs", id],
    async (_, signal) => {
      const { connectIndexer } = await import("@wattline/indexer/client");
      return connectIndexer(indexerUrl ?? "").tariffs(id, { signal });
    },
    (context) => readTariffs(context, id),
  );
}

/** What has been traded in a microgrid for each slot of a day. */
export function useTraded({ id }: Microgrid, { slots }: Day): Indexed<ReadonlyMap<number, Traded>> {
  const { indexerUrl } = useNetwork();
  const { firstSlot, lastSlot } = slots;
  return useIndexed<ReadonlyMap<number, Traded>>(
    ["traded", id, firstSlot, lastSlot],
    async (_, signal) => {
      const { connectIndexer } = await import("@wattline/indexer/client");
      const indexer = connectIndexer(indexerUrl ?? "");
      const rows = await indexer.slotPrices(id, firstSlot, lastSlot, { signal });
      return new Map(rows.map(({ slot, energyWh, cost }) => [slot, { energyWh, cost }]));
    },
    (context) => readTraded(context, id),
  );
}

async function readTariffs(
  { client, contracts: { meters }, network, signal }: ChainContext,
  microgrid: number,
): Promise<TariffStep[]> {
  const of = {
    ...meters,
    fromBlock: BigInt(network.deployment.fromBlock),
    args: { microgrid },
    signal,
  } as const;
  const [founded, changed] = await Promise.all([
    readEvents(client, { ...of, eventName: "Founded" }),
    readEvents(client, { ...of, eventName: "TariffsSet" }),
  ]);
  return Promise.all(
    [...founded, ...changed].map(async ({ args: { tariffs }, blockNumber }) => {
      const { timestamp } = await getBlock(client, { blockNumber });
      return { since: Number(timestamp), feedIn: tariffs.feedIn, retail: tariffs.retail };
    }),
  );
}

/** Blocks that a public RPC lets one ask for at once. */
const CHUNK = 10_000n;

/** Reads trades from the chain's own events, the grid's standing orders left out. */
async function readTraded(
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

/** The tariffs in force when a slot ends; the first there were for a slot before them. */
export function tariffAt(
  history: readonly TariffStep[],
  unixSeconds: number,
): TariffStep | undefined {
  return history.findLast(({ since }) => since <= unixSeconds) ?? history[0];
}
