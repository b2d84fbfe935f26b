import type { Address } from "viem";
import { LANES, laneOf } from "../../profile.ts";
import { addWords } from "../../words.ts";
import { type AuditContext, expect } from "../context.ts";
import { within } from "../state.ts";

/** A direct purchase, with what island rules need. */
export interface DirectPurchase {
  readonly microgrid: number;
  readonly buyer: Address;
  readonly meter: Address;
  /** Base units per kWh that the buyer pays. */
  readonly pricePerKwh: bigint;
  readonly firstBlock: number;
  readonly energy: readonly bigint[];
}

/** No trade in a closed microgrid; in an islanded one, direct purchases keep the price cap and the ration. */
export function judgeDirectPurchase(context: AuditContext, purchase: DirectPurchase): void {
  const { microgrid, buyer, meter, pricePerKwh, firstBlock, energy } = purchase;
  const record = context.state.microgrids.get(microgrid);
  if (record === undefined) return;
  expect(
    context,
    "island",
    record.mode !== "Closed",
    "traded-while-closed",
    { microgrid },
    microgrid,
  );
  if (record.mode !== "Islanded") return;
  expect(
    context,
    "island",
    pricePerKwh <= record.islandPriceCap,
    "above-island-cap",
    { pricePerKwh, cap: record.islandPriceCap },
    microgrid,
  );
  const load = context.state.meters.get(meter);
  const isTheirs = load?.owner === buyer && load.microgrid === microgrid && load.active;
  expect(context, "island", isTheirs, "bought-for-others-meter", { buyer, meter }, microgrid);
  if (load === undefined || load.critical) return;
  const bought = within(context.state.rationed, meter);
  for (const [offset, word] of energy.entries()) {
    if (word === 0n) continue;
    const blockNumber = firstBlock + offset;
    const total = addWords(bought.get(blockNumber) ?? 0n, word);
    bought.set(blockNumber, total);
    for (let lane = 0; lane < LANES; lane++) {
      if (laneOf(word, lane) === 0n) continue;
      expect(
        context,
        "island",
        laneOf(total, lane) <= BigInt(record.islandRation),
        "above-ration",
        {
          meter,
          slot: blockNumber * LANES + lane,
          boughtWh: laneOf(total, lane),
          ration: record.islandRation,
        },
        microgrid,
      );
    }
  }
}
