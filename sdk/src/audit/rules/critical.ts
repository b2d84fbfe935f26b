import type { MatchOutcome } from "../../history/acts.ts";
import { costOf } from "../../money.ts";
import type { Order } from "../../typedData.ts";
import { maskOfSlots } from "../../words.ts";
import { expect, type Scene } from "../scene.ts";
import { accountIn, allowanceKey, fillIn } from "../state.ts";
import { type Batch, leftOf } from "./batch.ts";

/** While islanded no ordinary bid is filled in a slot in which a critical load's live and funded bid wants more. */
export function judgeCriticalLoads(
  scene: Scene,
  batch: Batch,
  outcomes: readonly MatchOutcome[],
): void {
  const { orders, matches } = batch.call;
  const critical = orders.map((order) => order.side === 1 && isCritical(scene, order));
  for (const [index, bid] of orders.entries()) {
    if (critical[index] !== true || !isShort(scene, batch, bid, index)) continue;
    for (const [at, match] of matches.entries()) {
      if (outcomes[at]?.skipped !== undefined || critical[match.bid] === true) continue;
      const taken = match.energy.some((word, offset) => {
        const mask = maskOfSlots(match.firstBlock + offset, bid.firstSlot, bid.lastSlot + 1);
        return (word & mask) !== 0n;
      });
      expect(
        scene,
        "island",
        !taken,
        "critical-load-short",
        { maker: bid.maker, criticalOrder: batch.hashes[index] ?? "", match: at },
        batch.number,
      );
    }
  }
}

function isCritical({ state }: Scene, { meter: address, maker, microgrid }: Order): boolean {
  const meter = state.meters.get(address);
  return (
    meter?.critical === true &&
    meter.active &&
    meter.owner === maker &&
    meter.microgrid === microgrid
  );
}

/** Whether a bid is alive and wants more than it got; one that can't pay is not short but broke. */
function isShort(scene: Scene, batch: Batch, bid: Order, index: number): boolean {
  const { by, delegate } = batch.signers[index] ?? { by: "not seen" };
  // Whoever has not signed wants nothing; who that is nobody knows where signatures are left out.
  const isSigned = by === "maker" || by === "delegate" || by === "wallet";
  if (!isSigned || scene.time > bid.deadline) return false;
  const { currency } = batch.microgrid;
  const account = accountIn(scene.state, currency, bid.maker);
  const left = leftOf(scene, bid);
  const cost = costOf(bid.price, left > 0n ? left : 0n);
  const { cancelled } = fillIn(scene.state, bid.maker, bid.nonce);
  const allowed =
    delegate === undefined ||
    (scene.state.allowances.get(allowanceKey(bid.maker, currency, delegate)) ?? 0n) >= cost;
  const balance = account.balance - (batch.held.get(bid.maker) ?? 0n);
  return bid.counter === account.counter && left > 0n && !cancelled && balance >= cost && allowed;
}
