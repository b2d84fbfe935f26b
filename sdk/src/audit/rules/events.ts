import { arrivedOf } from "../../deals/loss.ts";
import type { BareTrade } from "../../history/trades.ts";
import { isClosedIn, isIslandedIn, levelFor } from "../../microgrid.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import { communitiesIn } from "../state.ts";
import { lineOf } from "./deal.ts";

/**
 * Judges a trade whose call was not seen by what its microgrids and their tie line say for each slot: charge, loss, capacity,
 * islands. What the orders say stays unknown.
 */
export function judgeByEvents(context: AuditContext, trade: BareTrade): void {
  const communities = communitiesIn(context.state);
  const [from, to] = [communities.get(trade.from), communities.get(trade.to)];
  if (from === undefined || to === undefined) return;
  const isHome = from === to;
  const line = isHome ? undefined : lineOf(context, from, to);
  if (!isHome && line === undefined) {
    context.found("loss", "no-tie-line", { from: trade.from, to: trade.to }, trade.from);
    return;
  }
  let chargeMillis = 0n;
  for (const [slot, sentWh] of trade.sentWh) {
    const where = { slot, from: trade.from, to: trade.to };
    const isClosed = isClosedIn(from, slot) || isClosedIn(to, slot);
    const traded = { slot, foundWh: sentWh, dueWh: 0n };
    expect(context, "island", !isClosed, "traded-while-closed", traded, trade.from);
    if (line === undefined) {
      chargeMillis += levelFor(from, slot).feePerKwh * sentWh;
      continue;
    }
    chargeMillis += line.wheelingPerKwh * sentWh;
    const isCut = isIslandedIn(from, slot) || isIslandedIn(to, slot);
    expect(context, "island", !isCut, "crossed-while-cut", traded, trade.from);
    const flowWh = line.flowWh(slot);
    const roomWh = line.capacityWh - flowWh;
    const within = { slot, foundWh: sentWh, dueWh: roomWh };
    const isWithin = sentWh <= roomWh;
    expect(context, "line-capacity", isWithin, "above-line-capacity", within, trade.from);
    const loss = { lossBps: line.lossBps, flowWh: trade.isForward ? 0n : flowWh };
    const arrivedWh = arrivedOf(sentWh, loss);
    const foundWh = trade.arrivedWh.get(slot) ?? 0n;
    const arrived = { ...where, foundWh, dueWh: arrivedWh };
    expect(context, "loss", foundWh === arrivedWh, "other-arrival", arrived, trade.from);
  }
  expectEqual(context, "fees", "other-charge", trade.chargeMillis, chargeMillis, trade.from);
}
