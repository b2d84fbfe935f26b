import {
  packProfile,
  packReading,
  readAccount,
  readEnergyWh,
  type SignedOrder,
  sourceIndex,
} from "@wattline/sdk";
import { expect } from "chai";
import { describe, it } from "mocha";
import { padHex } from "viem";
import { START_SLOT } from "../../relay/test/support/world.ts";
import { clientAt } from "../src/auctioneer.ts";
import { Ledger } from "../src/chain/ledger.ts";
import { assignedBy } from "../src/island/assigned.ts";
import { PromiseBook } from "../src/island/book.ts";
import type { Entry, ReadingEntry } from "../src/island/entries.ts";
import { PromisedView } from "../src/island/view.ts";
import { type Call, settleCall } from "../src/simulate.ts";
import { sceneOfTests } from "./support/scene.ts";

const OFFER_HASH = padHex("0x1");
const BID_HASH = padHex("0x2");
/** Thousandths of a base unit per Wh: the tests' community price. */
const PRICE = 200_000n;

describe("The chain as it will be when all promises are settled", () => {
  const scene = sceneOfTests();

  /** The view of a chain that is out of reach, by the entries of the island's ledger. */
  const viewWith = (...entries: readonly Entry[]): Promise<PromisedView> => viewOf(entries, []);

  async function viewOf(
    entries: readonly Entry[],
    onTheirWay: readonly Call[],
  ): Promise<PromisedView> {
    const { world } = scene();
    const client = clientAt(world.rpcUrl);
    const { view } = await new Ledger(client, world.deployment).follow();
    const book = new PromiseBook();
    for (const entry of entries) book.apply(entry);
    const nowSeconds = view.head.time + 3_600;
    return new PromisedView(
      ...([client, world.deployment, view.head, nowSeconds, view.microgrids, book] as const),
      assignedBy(world.deployment, onTheirWay),
    );
  }

  const heldIn = async (view: PromisedView, slot: number): Promise<bigint> => {
    const jane = { maker: scene().jane.address, microgrid: 1 };
    const held = await readEnergyWh(view, jane, "Solar", { firstSlot: slot, lastSlot: slot });
    return held.get(slot) ?? 0n;
  };

  /** What Jane's roof says of a slot. */
  const reading = (slot: number, wh: bigint): ReadingEntry => {
    const { firstBlock, words } = packReading(new Map([[slot, wh]]));
    return {
      kind: "reading",
      meter: scene().roof.address,
      owner: scene().jane.address,
      microgrid: 1,
      source: "Solar",
      firstBlock,
      exported: [...words],
      signature: "0x",
      atMs: 0,
    };
  };

  for (const [way, viewAfter] of [
    ["promised", promised],
    ["on its way to be settled", onItsWay],
  ] as const) {
    it(`lacks what is ${way}: the buyer's money, the seller's energy, and room in both orders`, async () => {
      const { jane, joe, world } = scene();
      const slot = START_SLOT + 2;
      const [offer, bid] = [await scene().offer(), await scene().bid(joe, 300)];
      const view = await viewAfter(offer, bid, slot, 300n);

      const before = await viewWith();
      const balances = (of: PromisedView) =>
        Promise.all(
          [joe, jane].map(async ({ address }) => {
            const { balanceMillis } = await readAccount(of, world.euro, address);
            return balanceMillis;
          }),
        );
      const [[joeBefore = 0n, janeBefore], [joeNow, janeNow]] = [
        await balances(before),
        await balances(view),
      ];
      expect(joeNow).to.equal(joeBefore - 300n * PRICE);
      expect(janeNow, "nobody spends what has not come").to.equal(janeBefore);
      expect([await heldIn(before, slot), await heldIn(view, slot)]).to.deep.equal([1_000n, 700n]);
      expect([view.isUsedUp(bid.order), view.isUsedUp(offer.order)]).to.deep.equal([true, false]);
    });
  }

  function promised(offer: SignedOrder, bid: SignedOrder, slot: number, energyWh: bigint) {
    const promise = { offer: OFFER_HASH, bid: BID_HASH, source: "Solar", slot, energyWh } as const;
    return viewWith(
      { kind: "order", hash: OFFER_HASH, ...offer },
      { kind: "order", hash: BID_HASH, ...bid },
      {
        kind: "cleared",
        microgrid: 1,
        asked: [OFFER_HASH, BID_HASH],
        promises: [promise],
        atMs: 0,
      },
    );
  }

  function onItsWay(offer: SignedOrder, bid: SignedOrder, slot: number, energyWh: bigint) {
    const { firstBlock, words: energy } = packProfile(new Map([[slot, energyWh]]));
    const match = { offer: 0, bid: 1, source: sourceIndex("Solar"), firstBlock, energy };
    const call = settleCall(scene().world.deployment, {
      orders: [offer.order, bid.order],
      signatures: [offer.signature, bid.signature],
      matches: [{ ...match, schedule: 1, bidSchedule: 0 }],
      gas: 1_000_000n,
    });
    return viewOf([], [call]);
  }

  it("has what devices have signed since, each slot once, and nothing that the chain may know already", async () => {
    const [ended, since] = [START_SLOT + 1, START_SLOT + 9];
    const view = await viewWith(reading(ended, 500n), reading(since, 200n), reading(since, 900n));
    expect(await heldIn(view, ended)).to.equal(1_000n);
    expect(await heldIn(view, since)).to.equal(200n);
  });
});
