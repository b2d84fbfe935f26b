import { crossingOf, modeIn, slotAt } from "@wattline/sdk";
import { useMemo, useRef } from "react";
import { useChainTime, useMicrogrids, useNetwork, useTieLines } from "../chain/index.ts";
import { useAllMembers, useIndexed } from "../data/index.ts";
import {
  flowOver,
  homesOf,
  type SlotTrade,
  type Street,
  type Tie,
  tradesToShow,
} from "./street.ts";

/** How far back trades are looked for: two hours. */
const BACK_SECONDS = 7_200;
const DEFAULT_SLOT_SECONDS = 900;

/** All microgrids with their homes, and what is traded in the shown slot. */
export interface Streets {
  readonly slot: number;
  readonly slotSeconds: number;
  /** Whether it is the current slot. */
  readonly isNow: boolean;
  readonly streets: readonly Street[];
  readonly ties: readonly Tie[];
}

/** The living picture's data, read again as slots pass and trades are made. */
export function useStreets() {
  const { indexerUrl = "" } = useNetwork();
  const time = useChainTime();
  const { data: microgrids } = useMicrogrids();
  const { data: lines } = useTieLines();
  const members = useAllMembers(microgrids?.map(({ microgrid }) => microgrid) ?? []);
  const slotSeconds = microgrids?.[0]?.slotSeconds ?? DEFAULT_SLOT_SECONDS;
  const now = time === undefined ? undefined : slotAt(time, slotSeconds);
  const fromSlot = (now ?? 0) - BACK_SECONDS / slotSeconds;
  const trades = useIndexed<readonly SlotTrade[]>(
    ["street trades", now],
    async (_, signal) => {
      if (now === undefined) return [];
      const { slotTradesFromIndexer } = await import("./readSlotTrades.ts");
      return slotTradesFromIndexer(indexerUrl, fromSlot, now, signal);
    },
    async (context) => {
      if (now === undefined) return [];
      const { slotTradesFromChain } = await import("./readSlotTrades.ts");
      return slotTradesFromChain(context, fromSlot, now);
    },
  );
  const known = useLast(trades.data);

  const data = useMemo((): Streets | undefined => {
    if (microgrids === undefined || members.data === undefined) return undefined;
    if (now === undefined || time === undefined) return undefined;
    const all = members.data;
    const shown = tradesToShow(known ?? [], now);
    const streets = microgrids.map((microgrid): Street => {
      const mode = modeIn(microgrid, slotAt(time, microgrid.slotSeconds));
      const { microgrid: number, name } = microgrid;
      return { microgrid: number, name, mode, homes: homesOf(microgrid, all, shown.trades) };
    });
    const isConnected = (number: number) =>
      streets.some(({ microgrid, mode }) => microgrid === number && mode === "Connected");
    const ties = (lines ?? []).map((line): Tie => {
      const { lower, higher } = line;
      const isOpen =
        crossingOf(line, lower, time).capacityWh > 0n && isConnected(lower) && isConnected(higher);
      return { lower, higher, isOpen, ...flowOver(line, shown.trades) };
    });
    return { slot: shown.slot, slotSeconds, isNow: shown.slot === now, streets, ties };
  }, [microgrids, members.data, known, lines, now, time, slotSeconds]);
  return { data, error: members.error, refetch: members.refetch };
}

/** The last data while new data is read, so that nothing flickers as slots pass. */
function useLast<T>(data: T | undefined): T | undefined {
  const last = useRef(data);
  if (data !== undefined) last.current = data;
  return last.current;
}
