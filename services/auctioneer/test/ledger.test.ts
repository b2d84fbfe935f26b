import { isIslandedIn, LANES } from "@wattline/sdk";
import { expect } from "chai";
import { describe, it } from "mocha";
import { START_SLOT, slots } from "../../relay/test/support/world.ts";
import { clientAt } from "../src/auctioneer.ts";
import { Ledger } from "../src/chain/ledger.ts";
import { sceneOfTests } from "./support/scene.ts";

describe("What an auctioneer knows of the chain", () => {
  const scene = sceneOfTests();

  it("follows it, also back, when blocks are replaced", async () => {
    const { world, joe, roof } = scene();
    const { client } = world;
    const ledger = new Ledger(clientAt(world.rpcUrl), world.deployment);
    const sell = { firstSlot: START_SLOT + 16, lastSlot: START_SLOT + 16 + LANES - 1 };
    const forward = await scene().offer({
      ...sell,
      forward: true,
      meter: roof.address,
      settler: "0x0000000000000000000000000000000000000000",
    });
    await world.take(joe, forward, slots(16, LANES, 50n));
    await world.pin(joe, [await scene().offer()]);
    const first = await ledger.follow();
    expect([first.positions.size, first.pinned.length]).to.deep.equal([1, 1]);
    const [reserved = "0x" as const] = first.positions.keys();
    expect(await ledger.follow()).to.equal(first);

    const before = await client.snapshot();
    await world.pin(joe, [await scene().bid(joe, 10)]);
    await world.take(joe, forward, slots(16, LANES, 50n));
    await world.setIslanded(true);
    const second = await ledger.follow();
    expect([second.positions.size, second.pinned.length]).to.deep.equal([2, 2]);
    const islandedAt = START_SLOT + 10;
    const isIslanded = ({ view }: typeof first): boolean => {
      const microgrid = view.microgrid(1);
      return microgrid !== undefined && isIslandedIn(microgrid, islandedAt);
    };
    expect([isIslanded(first), isIslanded(second)]).to.deep.equal([false, true]);
    // A block in which a position was seen closed is replaced as well: it is asked about again.
    ledger.close(reserved);

    await client.revert({ id: before });
    await client.mine({ blocks: 5, interval: 3 });
    const third = await ledger.follow();
    expect([...third.positions.keys()]).to.deep.equal([reserved]);
    expect(third.pinned).to.deep.equal(first.pinned);
    expect(isIslanded(third)).to.equal(false);

    ledger.close(reserved);
    await client.mine({ blocks: 1 });
    expect((await ledger.follow()).positions.size).to.equal(0);
  });
});
