import { expect } from "chai";
import { describe, it } from "mocha";
import type { Address } from "viem";
import { energyIdOf } from "../../src/energyId.ts";
import { moveOf } from "../../src/history/moves.ts";

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const [HOLDER, NEIGHBOUR] = [at("44"), at("55")];

const idOf = (slot: number, microgrid = 1) => energyIdOf({ microgrid, source: "Solar", slot });

type Lot = readonly [id: bigint, wh: bigint];

const batch = (...lots: readonly Lot[]) =>
  moveOf({
    eventName: "TransferBatch",
    logIndex: 0,
    args: {
      operator: HOLDER,
      from: HOLDER,
      to: NEIGHBOUR,
      ids: lots.map(([id]) => id),
      values: lots.map(([, wh]) => wh),
    },
  });

const wordsOf = (...lots: readonly Lot[]) =>
  batch(...lots).words.map(({ microgrid, blockNumber, energy }) => [
    microgrid,
    blockNumber,
    energy,
  ]);

describe("A holder's transfer of energy", () => {
  it("of nothing moves nothing, whatever its ids name", () => {
    const odd = [2n ** 256n - 1n, 2n ** 72n, 7n << 32n, 0xffn << 32n, 0n];
    expect(batch(...odd.map((id) => [id, 0n] as const)).words).to.deep.equal([]);
    expect(batch().words).to.deep.equal([]);
    expect(
      moveOf({
        eventName: "TransferSingle",
        logIndex: 0,
        args: { operator: HOLDER, from: HOLDER, to: NEIGHBOUR, id: 2n ** 255n, value: 0n },
      }).words,
    ).to.deep.equal([]);
    expect(wordsOf([2n ** 255n, 0n], [idOf(16), 5n])).to.deep.equal([[1, 2, 5n]]);
  });

  it("of some energy must name delivery slots", () => {
    expect(() => batch([7n << 32n, 1n])).to.throw(RangeError, "not an energy token id");
    expect(() => batch([idOf(16), 2n ** 31n])).to.throw(RangeError, "lane");
  });

  it("keeps repeated slots apart: they may be the same energy", () => {
    const most = 2n ** 31n - 1n;
    expect(wordsOf([idOf(16), most], [idOf(16), most])).to.deep.equal([
      [1, 2, most],
      [1, 2, most],
    ]);
  });

  it("may name its slots in any order", () => {
    expect(
      wordsOf([idOf(17), 1n], [idOf(16), 2n], [idOf(16, 2), 3n], [idOf(17), 4n]),
    ).to.deep.equal([
      [1, 2, 1n << 32n],
      [1, 2, 2n],
      [2, 2, 3n],
      [1, 2, 4n << 32n],
    ]);
    expect(wordsOf([idOf(16), 1n], [idOf(23), 2n], [idOf(24), 3n])).to.deep.equal([
      [1, 2, 1n | (2n << 224n)],
      [1, 3, 3n],
    ]);
  });
});
