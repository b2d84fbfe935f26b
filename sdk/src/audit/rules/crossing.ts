import type { EventNamed } from "../../history/events.ts";
import { LANES, laneOf, sumWh } from "../../profile.ts";
import { addWords, arrivingWord, isAtMost } from "../../words.ts";
import { expect, expectEqual, type Scene } from "../scene.ts";
import { crossingIn, within } from "../state.ts";

/** What a deal is subject to on its way: per kWh sent, and hundredths of a percent lost. */
export interface Way {
  readonly chargePerKwh: bigint;
  readonly lossBps: bigint;
}

/** The way within a microgrid: its network fee and no loss. */
export const wayWithin = ({ state }: Scene, microgrid: number): Way => ({
  chargePerKwh: state.microgrids.get(microgrid)?.networkFee ?? 0n,
  lossBps: 0n,
});

/** Energy over a tie line: it must exist, lose what was agreed, and carry no more than agreed. Books the flow. */
export function judgeCrossing(scene: Scene, { args }: EventNamed<"Crossed">): Way {
  const { from, to, firstBlock, sent, sentWh, arrivedWh } = args;
  const terms = crossingIn(scene.state, from, to, scene.time);
  const where = { from, to };
  const known = terms !== undefined;
  expect(scene, "loss", known, "no-tie-line", where, from);
  if (terms === undefined) return { chargePerKwh: 0n, lossBps: 0n };
  const arrived = sent.map((word) => arrivingWord(word, terms.lossBps));
  expectEqual(scene, "loss", "other-sent", sentWh, sumWh(sent), from);
  expectEqual(scene, "loss", "other-arrived", arrivedWh, sumWh(arrived), from);

  const flows = within(scene.state.flows, `${from} ${to}`);
  for (const [offset, word] of sent.entries()) {
    const blockNumber = firstBlock + offset;
    const flow = addWords(flows.get(blockNumber) ?? 0n, word);
    if (flow !== 0n) flows.set(blockNumber, flow);
    for (let lane = 0; lane < LANES; lane++) {
      if (laneOf(word, lane) === 0n) continue;
      const slot = blockNumber * LANES + lane;
      expect(
        scene,
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
      scene,
      "island",
      scene.state.microgrids.get(microgrid)?.mode === "Connected",
      "crossed-while-cut",
      { ...where, microgrid },
      microgrid,
    );
  }
  return { chargePerKwh: terms.wheeling, lossBps: terms.lossBps };
}

/** Whether what arrived is what was sent less the loss, word by word. */
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
