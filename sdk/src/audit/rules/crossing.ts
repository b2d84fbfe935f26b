import type { EventNamed } from "../../history/events.ts";
import { LANES, laneOf, sumWh } from "../../profile.ts";
import { addWords, arrivingWord, isAtMost } from "../../words.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import { crossingIn, within } from "../state.ts";

/** Charge and loss of energy on its way to the buyer: per kWh sent, and hundredths of a percent. */
export interface Way {
  readonly chargePerKwh: bigint;
  readonly lossBps: bigint;
}

/** Within a microgrid: the network fee and no loss. */
export const wayWithin = ({ state }: AuditContext, microgrid: number): Way => ({
  chargePerKwh: state.microgrids.get(microgrid)?.networkFee ?? 0n,
  lossBps: 0n,
});

/** Energy over a tie line: it must exist, lose what was agreed, and carry no more than agreed. Records the flow. */
export function judgeCrossing(context: AuditContext, { args }: EventNamed<"Crossed">): Way {
  const { from, to, firstBlock, sent, sentWh, arrivedWh } = args;
  const terms = crossingIn(context.state, from, to, context.time);
  const where = { from, to };
  const known = terms !== undefined;
  expect(context, "loss", known, "no-tie-line", where, from);
  if (terms === undefined) return { chargePerKwh: 0n, lossBps: 0n };
  const arrived = sent.map((word) => arrivingWord(word, terms.lossBps));
  expectEqual(context, "loss", "other-sent", sentWh, sumWh(sent), from);
  expectEqual(context, "loss", "other-arrived", arrivedWh, sumWh(arrived), from);

  const flows = within(context.state.flows, `${from} ${to}`);
  for (const [offset, word] of sent.entries()) {
    const blockNumber = firstBlock + offset;
    const flow = addWords(flows.get(blockNumber) ?? 0n, word);
    if (flow !== 0n) flows.set(blockNumber, flow);
    for (let lane = 0; lane < LANES; lane++) {
      if (laneOf(word, lane) === 0n) continue;
      const slot = blockNumber * LANES + lane;
      expect(
        context,
        "line-capacity",
        laneOf(flow, lane) <= terms.capacity,
        "above-line-capacity",
        { ...where, slot, flowWh: laneOf(flow, lane), capacityWh: terms.capacity },
        from,
      );
    }
  }
  for (const microgrid of [from, to]) {
    expect(
      context,
      "island",
      context.state.microgrids.get(microgrid)?.mode === "Connected",
      "crossed-while-cut",
      { ...where, microgrid },
      microgrid,
    );
  }
  return { chargePerKwh: terms.wheeling, lossBps: terms.lossBps };
}

/** Whether the arrived words are the sent ones less the loss. */
export const isArrival = (
  sent: readonly bigint[],
  arrived: readonly bigint[],
  lossBps: bigint,
): boolean =>
  sent.length === arrived.length &&
  sent.every((word, index) => {
    const due = arrivingWord(word, lossBps);
    const found = arrived[index] ?? 0n;
    return isAtMost(due, found) && isAtMost(found, due);
  });
