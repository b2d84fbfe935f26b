import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { createPublicClient, custom } from "viem";
import { clientAt } from "../src/auctioneer.ts";
import { MovedError } from "../src/chain/moved.ts";
import { SettledReader } from "../src/island/settled.ts";
import { Operator } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

const FIRST_OPERATOR = 7;

describe("What the chain has of promises", () => {
  const scene = sceneOfTests();
  const operators: Operator[] = [];

  afterEach(async () => {
    for (const operator of operators.splice(0)) await operator.remove();
  });

  /** An auctioneer that knows of nothing settles a trade of so much. Returns the block after that. */
  async function trade(energyWh: number) {
    const { world, joe } = scene();
    const operator = await Operator.of(world, FIRST_OPERATOR + operators.length);
    operators.push(operator);
    await world.pin(joe, [await scene().offer(), await scene().bid(joe, energyWh)]);
    expect(await operator.byHand().round(new AbortController().signal)).to.equal("sent");
    const { number, hash } = await world.client.getBlock();
    return { number: Number(number), hash };
  }

  it("is not read from blocks that meanwhile replace those asked about", async () => {
    const { world } = scene();
    const { client } = world;
    const before = await client.snapshot();
    const head = await trade(300);
    let isReplaced = false;
    const plain = clientAt(world.rpcUrl);
    const asked = createPublicClient({
      transport: custom({
        async request(wanted) {
          if (wanted.method === "eth_getLogs" && !isReplaced) {
            isReplaced = true;
            await client.revert({ id: before });
            await client.mine({ blocks: 5, interval: 3 });
          }
          return plain.request(wanted);
        },
      }),
    });
    const { deployment } = world;
    const reader = new SettledReader(asked, deployment, deployment.fromBlock);
    const error = await reader.at(head).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(MovedError);

    const { trades } = await reader.at(await trade(200));
    const energyWh = [...trades.values()].flat().map((each) => each.energyWh);
    expect(energyWh.reduce((sum, wh) => sum + wh, 0n)).to.equal(200n);
  });
});
