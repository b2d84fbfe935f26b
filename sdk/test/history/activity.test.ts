import { activityOf, type Deed, type TradeStep } from "@wattline/sdk";
import { expect } from "chai";
import { describe, it } from "mocha";

const [JANE, HANNA] = [`0x${"a".repeat(40)}`, `0x${"b".repeat(40)}`] as const;

const step = (
  kind: TradeStep["kind"],
  time: number,
  energyWh: { readonly sent: bigint; readonly reserved?: bigint },
  more: Partial<TradeStep> = {},
): TradeStep => ({
  kind,
  time,
  id: `0x01-${time}`,
  txHash: "0x01",
  ...{ seller: JANE, buyer: HANNA, taker: HANNA, source: "Solar", from: 1, to: 1 },
  ...{ offerHash: undefined, bidHash: undefined, positionId: undefined, withGrid: false },
  ...{ firstSlot: time, lastSlot: time + 1 },
  sentWh: energyWh.sent,
  arrivedWh: energyWh.sent,
  reservedWh: energyWh.reserved,
  ...{ costMillis: energyWh.sent, chargeMillis: 0n, bondMillis: 0n, refundMillis: 0n },
  ...more,
});

const positionId = "0x07";

describe("A household's activity", () => {
  it("tells a reservation and its releases as one trade, which is open until all of it is settled", () => {
    const reserved = step("reserve", 10, { sent: 300n }, { positionId, bondMillis: 9n });
    const first = step("release", 20, { sent: 100n, reserved: 100n }, { positionId });
    const [open, ...none] = activityOf({ steps: [reserved, first], deeds: [] });
    expect(none).to.deep.equal([]);
    expect(open).to.include({
      kind: "trade",
      state: "open",
      time: 20,
      firstSlot: 10,
      lastSlot: 21,
    });
    const second = step(
      "release",
      30,
      { sent: 150n, reserved: 200n },
      { positionId, refundMillis: 50n, bondMillis: 5n },
    );
    const [trade] = activityOf({ steps: [second, first, reserved], deeds: [] });
    if (trade?.kind !== "trade") throw new Error("There is no trade.");
    expect(trade).to.include({ state: "short", time: 30 });
    expect(trade.reserved).to.include({ energyWh: 300n, lockedMillis: 300n, bondMillis: 9n });
    expect(trade.delivered).to.include({
      ...{ sentWh: 250n, dueWh: 300n, paidMillis: 250n, refundMillis: 50n, forfeitedMillis: 5n },
    });
  });

  it("tells a trade of minted energy as delivered, and puts the newest first, also within a block", () => {
    const deposit: Deed = { kind: "deposit", amount: 1n, id: "0x02-9", time: 5, txHash: "0x02" };
    const later: Deed = { ...deposit, id: "0x02-10" };
    const trade = step("accept", 7, { sent: 60n });
    const told = activityOf({ steps: [trade], deeds: [deposit, later] });
    expect(told.map(({ id }) => id)).to.deep.equal(["0x01-7", "0x02-10", "0x02-9"]);
    expect(told[0]).to.include({ state: "delivered" });
  });
});
