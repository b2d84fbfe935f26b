import { readFileSync } from "node:fs";
import { connectIndexer } from "@wattline/indexer/client";
import { unpackProfile } from "@wattline/sdk";
import {
  type Allocation,
  allocate,
  allocationFromCsv,
  allocationFromJson,
  allocationOfTrades,
  keyFromJson,
  type MarketTrade,
  type MeteredCommunity,
  meteredFromCsv,
  withParticipation,
} from "@wattline/sdk/allocation";
import { AllocateError, type Input } from "./options.ts";

/** Trades per request. */
const TRADES_AT_ONCE = 1000;

/** An allocation's source, and the metered energy if it is known. */
export interface Source {
  readonly allocation: Allocation;
  readonly metered?: MeteredCommunity;
  /** The number of trades over tie lines, which can't be allocated within one community. */
  readonly crossed: number;
}

/** @throws AllocateError or RangeError that names file, line and column; IndexerError. */
export async function readInput(
  input: Input,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<Source> {
  const metered = input.metered === undefined ? undefined : readMetered(input.metered);
  const known = metered === undefined ? {} : { metered };
  switch (input.kind) {
    case "key": {
      const { key, participation } = keyFromJson(readText(input.key), input.key);
      const community = withParticipation(readMetered(input.metered), participation);
      return { allocation: allocate(community, key), metered: community, crossed: 0 };
    }
    case "allocation": {
      const read = input.file.endsWith(".json") ? allocationFromJson : allocationFromCsv;
      return { allocation: read(readText(input.file), input.file), ...known, crossed: 0 };
    }
    case "market":
      return { ...(await readMarket(input, from, to, signal)), ...known };
  }
}

export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new AllocateError(
      `${file} can't be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

const readMetered = (file: string): MeteredCommunity => meteredFromCsv(readText(file), file);

async function readMarket(
  { indexer, microgrid }: Input & { readonly kind: "market" },
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<Source> {
  const api = connectIndexer(indexer);
  const community = await api.microgrid(microgrid, { signal });
  if (community === undefined)
    throw new AllocateError(`The indexer has no microgrid ${microgrid}.`);
  const { slotSeconds } = community;
  const trades: MarketTrade[] = [];
  let [cursor, crossed]: [string | undefined, number] = [undefined, 0];
  do {
    // A reserve only promises; its delivery is a release.
    const page: Awaited<ReturnType<typeof api.trades>> = await api.trades({
      microgrid,
      kinds: ["accept", "settle", "release"],
      withGrid: false,
      fromSlot: Math.floor(from / slotSeconds),
      toSlot: Math.ceil(to / slotSeconds) - 1,
      limit: TRADES_AT_ONCE,
      cursor,
      signal,
    });
    for (const {
      seller,
      buyer,
      source,
      fromMicrogrid,
      toMicrogrid,
      firstBlock,
      words,
    } of page.items) {
      if (fromMicrogrid !== toMicrogrid) crossed++;
      else trades.push({ seller, buyer, source, energyWh: unpackProfile({ firstBlock, words }) });
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return { allocation: allocationOfTrades(trades, slotSeconds), crossed };
}
