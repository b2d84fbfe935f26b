import { expect } from "chai";
import { describe, it } from "mocha";
import { padHex } from "viem";
import { PromiseBook, promiseKey } from "../src/island/book.ts";
import type { Entry, KeptPromise } from "../src/island/entries.ts";
import { openPromises } from "../src/island/settle.ts";
import type { SlotTrade } from "../src/island/settled.ts";

const promise = (energyWh: bigint): KeptPromise => ({
  offer: padHex("0x1"),
  bid: padHex("0x2"),
  source: "Solar",
  slot: 7,
  energyWh,
});
const outage = (block: number): Entry => ({
  kind: "outage",
  block,
  hash: "0x",
  time: block,
  atMs: 0,
});
const cleared = (energyWh: bigint): Entry => ({
  ...{ kind: "cleared", microgrid: 1, asked: [], atMs: 0 },
  promises: [promise(energyWh)],
});
const closed = (block: number): Entry => ({ kind: "closed", block, atMs: 0 });

function openWh(entries: readonly Entry[], ...trades: readonly SlotTrade[]): bigint {
  const book = new PromiseBook();
  for (const entry of entries) book.apply(entry);
  const open = openPromises(book, { trades: new Map([[promiseKey(promise(0n)), trades]]) });
  return open.reduce((sum, { energyWh }) => sum + energyWh, 0n);
}

describe("What of a promise is settled", () => {
  it("is what was traded after it was made", () => {
    const made = [outage(100), cleared(50n)];
    expect(openWh(made, { block: 100, energyWh: 50n })).to.equal(50n);
    expect(openWh(made, { block: 101, energyWh: 20n })).to.equal(30n);
    expect(openWh(made, { block: 101, energyWh: 20n }, { block: 102, energyWh: 99n })).to.equal(0n);
  });

  it("is not what the same orders have traded between two outages", () => {
    const made = [outage(100), cleared(50n), closed(105), outage(110), cleared(30n)];
    const before = [
      { block: 101, energyWh: 50n },
      { block: 107, energyWh: 40n },
    ];
    expect(openWh(made, ...before)).to.equal(30n);
    expect(openWh(made, ...before, { block: 111, energyWh: 30n })).to.equal(0n);
    // The first was taken back, and is settled after the second was made.
    expect(openWh(made, { block: 112, energyWh: 60n })).to.equal(20n);
  });
});
