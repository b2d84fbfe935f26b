import { FIRST_FIRM_NONCE, type Order } from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type Hex, zeroAddress } from "viem";
import { until } from "../../../scripts/testing/until.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { openRelay, type TestRelay } from "./support/relays.ts";
import { createWorld, EURO, localAccount, type World } from "./support/world.ts";

const AFTER_SECONDS = 600;
const HOUR = 3_600;

describe("A relay whose node is cut off from the chain", function () {
  this.timeout(180_000);
  const [jane, bob, settler] = [localAccount(2), localAccount(3), localAccount(4)] as const;
  let node: LocalNode;
  let world: World;
  let relay: TestRelay;
  /** The time that people read off their clocks. */
  let clock: number;
  let end: number;

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    await world.fund(jane, 10n * EURO);
    await world.fund(bob, 10n * EURO);
    clock = Number((await world.client.getBlock()).timestamp);
    end = clock + 4 * HOUR;
    await world.market(jane, "lock", [world.euro, settler.address, zeroAddress, end]);
    clock = Number((await world.client.getBlock()).timestamp);
    relay = await openRelay(world, { offlineAfterSeconds: AFTER_SECONDS, now: () => clock });
  });
  after(async () => {
    await relay?.stop();
    await node?.stop();
  });

  async function post(by: typeof jane, overrides: Partial<Order> = {}): Promise<Hex> {
    const order = world.order(by.address, { deadline: end, ...overrides });
    const [result] = await relay.client.post([await world.sign(by, order)]);
    if (result?.status !== "refused") return world.hashOf(order);
    throw new Error(result.reasons.map(({ code }) => code).join());
  }

  let firmNonce = FIRST_FIRM_NONCE;
  const firm = (overrides: Partial<Order> = {}): Partial<Order> => ({
    nonce: firmNonce++,
    settler: settler.address,
    ...overrides,
  });
  const stateOf = async (hash: Hex) => (await relay.client.order(hash))?.state;
  const offline = (is: boolean) =>
    until(`the relay says ${is}`, async () => (await relay.client.health()).isOffline === is);
  const liveHashes = async () =>
    new Set((await relay.client.orders({ limit: 500 })).orders.map(({ hash }) => hash));

  it("honours only money of firm orders, which a lock binds, until blocks come again", async () => {
    const [locked, open, loose] = [
      await post(jane, firm()),
      await post(bob),
      await post(jane, { settler: settler.address }),
    ];
    expect(await liveHashes()).to.deep.equal(new Set([locked, open, loose]));

    clock += AFTER_SECONDS + 1;
    await offline(true);
    expect(await liveHashes()).to.deep.equal(new Set([locked]));
    expect([await stateOf(open), await stateOf(loose)]).to.deep.equal(["unbacked", "unbacked"]);
    expect(relay.reports.join("\n")).to.contain("money counts only for firm orders");

    const refused = await post(bob).then(
      () => "accepted",
      (error: Error) => error.message,
    );
    expect(refused).to.equal("Relay_NotLocked");
    const meanwhile = await post(jane, firm());
    expect(await stateOf(meanwhile)).to.equal("live");
    expect((await relay.client.order(meanwhile))?.receivedAt).to.equal(clock);

    await world.client.setNextBlockTimestamp({ timestamp: BigInt(clock) });
    await world.client.mine({ blocks: 1 });
    await offline(false);
    expect(await liveHashes()).to.deep.equal(new Set([locked, open, loose, meanwhile]));
    expect(relay.reports.at(-1)).to.contain("Blocks are coming again");
  });

  it("lets orders end by the clock while the chain stands still", async () => {
    clock = Number((await world.client.getBlock()).timestamp);
    const short = await post(jane, firm({ deadline: clock + HOUR }));
    clock += AFTER_SECONDS + 1;
    await offline(true);
    expect(await stateOf(short)).to.equal("live");
    clock += HOUR;
    await until("the order has ended", async () => (await stateOf(short)) === "expired");
  });
});
