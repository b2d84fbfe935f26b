import { expect } from "chai";
import { describe, it } from "mocha";
import { clientAt } from "../src/auctioneer.ts";
import { Ledger } from "../src/chain/ledger.ts";
import { Members } from "../src/island/members.ts";
import { sceneOfTests } from "./support/scene.ts";

describe("Who may be promised something without the chain", () => {
  const scene = sceneOfTests();

  it("is known also when a block that was read is replaced by one in which somebody joins", async () => {
    const { world, ann } = scene();
    const client = clientAt(world.rpcUrl);
    const ledger = new Ledger(client, world.deployment);
    const members = new Members(client, world.deployment);
    const known = async () => {
      await members.ask((await ledger.follow()).view, 0);
      return members.count;
    };
    const before = await world.client.snapshot();
    await world.client.mine({ blocks: 3 });
    expect(await known()).to.equal(1);
    await world.client.revert({ id: before });
    await world.meter(ann.address);
    await world.client.mine({ blocks: 5, interval: 3 });
    expect(await known()).to.equal(2);
  });
});
