import { expect } from "chai";
import { describe, it } from "mocha";
import { soonestNeed, spreadNeed, standardLoadWatts } from "../../src/need/index.ts";

const PLENTY = 1_000_000n;

/** Slots counted from 0, with what there is of each. */
const available = (...wh: readonly bigint[]) => new Map(wh.map((each, slot) => [slot, each]));
const sumOf = (energyWh: ReadonlyMap<number, bigint>) =>
  [...energyWh.values()].reduce((sum, wh) => sum + wh, 0n);

describe("A need spread over slots", () => {
  it("follows the shape, to the Wh", () => {
    const shape = [1, 2, 1];
    const found = spreadNeed(1_000n, available(PLENTY, PLENTY, PLENTY), (slot) => shape[slot] ?? 0);
    expect([...found]).to.deep.equal([
      [0, 250n],
      [1, 500n],
      [2, 250n],
    ]);
  });

  it("leaves no Wh to rounding: the largest remainders get one more, the earlier first", () => {
    const found = spreadNeed(10n, available(PLENTY, PLENTY, PLENTY), () => 1);
    expect([...found.values()]).to.deep.equal([4n, 3n, 3n]);
    const uneven = spreadNeed(10n, available(PLENTY, PLENTY, PLENTY), (slot) => 1 + slot);
    expect([...uneven.values()]).to.deep.equal([2n, 3n, 5n]);
  });

  it("gives what a slot lacks to the others, and no more than there is", () => {
    const found = spreadNeed(900n, available(100n, PLENTY, PLENTY), () => 1);
    expect([...found.values()]).to.deep.equal([100n, 400n, 400n]);
    const second = spreadNeed(900n, available(100n, 350n, PLENTY), () => 1);
    expect([...second.values()]).to.deep.equal([100n, 350n, 450n]);
    const all = spreadNeed(900n, available(100n, 0n, 200n), () => 1);
    expect([...all]).to.deep.equal([
      [0, 100n],
      [2, 200n],
    ]);
    expect(spreadNeed(900n, available(), () => 1).size).to.equal(0);
  });

  it("has nothing in slots without use", () => {
    expect([...spreadNeed(6n, available(9n, 9n), (slot) => slot)]).to.deep.equal([[1, 6n]]);
    expect(spreadNeed(6n, available(9n), () => 0).size).to.equal(0);
    expect(() => spreadNeed(6n, available(9n), () => -1)).to.throw(RangeError, "not -1");
  });

  it("adds up for any need, shape and stock", () => {
    let seed = 7;
    const dice = (most: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % most;
    };
    for (let turn = 0; turn < 500; turn++) {
      const count = 1 + dice(96);
      const stock = new Map(
        Array.from({ length: count }, (_, slot) => [slot, BigInt(dice(400))] as const),
      );
      const shape = Array.from({ length: count }, () => 1 + dice(200) / 7);
      const energyWh = BigInt(1 + dice(20_000));
      const found = spreadNeed(energyWh, stock, (slot) => shape[slot] ?? 0);
      const most = sumOf(stock);
      expect(sumOf(found)).to.equal(energyWh < most ? energyWh : most);
      for (const [slot, wh] of found) expect(wh <= (stock.get(slot) ?? 0n)).to.equal(true);
    }
  });

  it("of an evening has its peak where the standard household has it", () => {
    // 21 June 2026, 18:00 to 21:00, in quarters of an hour.
    const start = Date.UTC(2026, 5, 21, 18) / 1000;
    const stock = available(...new Array<bigint>(12).fill(PLENTY));
    const found = spreadNeed(1_000n, stock, (slot) => standardLoadWatts(start + slot * 900));
    expect(sumOf(found)).to.equal(1_000n);
    const [first = 0n] = found.values();
    const highest = [...found].reduce((best, each) => (each[1] > best[1] ? each : best));
    expect(highest[0]).to.be.within(6, 9);
    expect(first < highest[1]).to.equal(true);
  });

  it("as soon as possible takes the earliest slots whole", () => {
    expect([...soonestNeed(250n, available(100n, 0n, 100n, 100n))]).to.deep.equal([
      [0, 100n],
      [2, 100n],
      [3, 50n],
    ]);
  });
});
