import { expect } from "chai";
import { describe, it } from "mocha";
import { EMPTY_ORDER } from "../../src/bulk.ts";
import { isOfGrid } from "../../src/deals/grid.ts";
import { BID, OFFER } from "../../src/deals/order.ts";
import { ANY_SOURCE, sourceMask } from "../../src/energyId.ts";

const DSO = "0x00000000000000000000000000000000000000d0";
const JANE = "0x00000000000000000000000000000000000000a1";

describe("The grid's standing orders", () => {
  const order = { ...EMPTY_ORDER, maker: JANE, microgrid: 1 } as const;
  const isGrid = (changes: Partial<typeof order> | object) =>
    isOfGrid({ ...order, ...changes }, { dso: DSO });

  it("are the DSO's, whatever they ask for, and a retailer's offers of the grid's energy", () => {
    expect(isGrid({ maker: DSO, side: BID, sources: ANY_SOURCE })).to.equal(true);
    expect(isGrid({ maker: DSO.toUpperCase().replace("0X", "0x"), side: OFFER })).to.equal(true);
    expect(isGrid({ side: OFFER, sources: sourceMask("Grid") })).to.equal(true);
  });

  it("are not a neighbour's, who may buy the grid's energy too", () => {
    expect(isGrid({ side: BID, sources: sourceMask("Grid") })).to.equal(false);
    expect(isGrid({ side: OFFER, sources: ANY_SOURCE })).to.equal(false);
    expect(isGrid({ side: OFFER, sources: sourceMask("Solar") })).to.equal(false);
  });
});
