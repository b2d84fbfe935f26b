/** Every page of docs/recovery is walked through: its own commands, on a real chain, with real services. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connectIndexer } from "@wattline/indexer/client";
import { RelayClient } from "@wattline/relay/client";
import {
  energyIdOf,
  energyTokenAbi,
  marketplaceAbi,
  metersAbi,
  microgridsAbi,
  signedOrderFromJson,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { artifactCode } from "../../ignition/deployLocally.ts";
import { freePort } from "../../scripts/testing/ports.ts";
import { until } from "../../scripts/testing/until.ts";
import { START } from "../../services/relay/test/support/node.ts";
import { bookOf, openRelay, type TestRelay } from "../../services/relay/test/support/relays.ts";
import { EURO, START_SLOT, slots } from "../../services/relay/test/support/world.ts";
import {
  CAPACITY_W,
  type Community,
  createCommunity,
  EXPORT_WH,
  NEIGHBOUR,
  NEW_OPERATOR,
  NEW_OWNER,
  OWNER,
} from "./community.ts";
import type { Running } from "./walk.ts";

/** How long a service may take on a busy machine. */
const PATIENCE_MS = 300_000;

describe("Recovery", function () {
  this.timeout(900_000);
  let community: Community;
  let beginning: Hex;
  const closing: (() => Promise<void>)[] = [];

  before(async () => {
    community = await createCommunity();
    beginning = await community.world.client.snapshot();
  });
  after(() => community.close());
  beforeEach(async () => {
    const { world } = community;
    await world.client.revert({ id: beginning });
    beginning = await world.client.snapshot();
    community.begin();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const { meterOf, microgridOf, accountOf, energyOf } = {
    meterOf: (device: Address) =>
      community.world.client.readContract({
        address: community.world.deployment.meters,
        abi: metersAbi,
        functionName: "meterOf",
        args: [device],
      }),
    microgridOf: (microgrid: number) =>
      community.world.client.readContract({
        address: community.world.deployment.microgrids,
        abi: microgridsAbi,
        functionName: "microgridOf",
        args: [microgrid],
      }),
    accountOf: (holder: Address) =>
      community.world.client.readContract({
        address: community.world.deployment.marketplace,
        abi: marketplaceAbi,
        functionName: "accountOf",
        args: [community.world.euro, holder],
      }),
    energyOf: (holder: Address, slot: number) =>
      community.world.client.readContract({
        address: community.world.deployment.energy,
        abi: energyTokenAbi,
        functionName: "balanceOf",
        args: [holder, tokenOf(slot)],
      }),
  };
  const tokenOf = (slot: number): bigint =>
    energyIdOf({ microgrid: 1, source: "Solar", slot: START_SLOT + slot });

  const consentIn = (printed: string): string => /^Consent: +(0x\w+)$/m.exec(printed)?.[1] ?? "";
  const deviceIn = (printed: string): string => /^Device: +(0x\w+),/m.exec(printed)?.[1] ?? "";
  /** The JSON that is printed last. */
  const jsonIn = (printed: string) => JSON.parse(printed.slice(printed.indexOf("{")));

  async function relayOf(options: Parameters<typeof openRelay>[1] = {}): Promise<TestRelay> {
    const relay = await openRelay(community.world, options);
    closing.push(relay.stop);
    return relay;
  }

  it("begins with the commands that all pages use", async () => {
    const page = community.walk("README");
    expect(await page.step()).to.equal("1");
    page.end();
  });

  it("of a lost device key: what it signed is reported, and a new device is registered", async () => {
    const { world, files, device, walk } = community;
    const page = walk("lost-device-key");
    await community.registerHome();
    await world.passSlots(24);
    await community.meterHome();
    await page.step();
    expect((await meterOf(device.address)).active).to.equal(false);

    await page.step();
    const { readings } = JSON.parse(readFileSync(files.place("my-home/signed.json"), "utf8"));
    const [{ signature, ...reading }] = readings.filter((each: object) => "exported" in each);
    Object.assign(page.env, { READING: JSON.stringify(reading), SIGNATURE: signature });
    await page.step();
    expect(await energyOf(OWNER.address, 0)).to.equal(BigInt(EXPORT_WH));

    await page.step();
    const printed = await page.step();
    Object.assign(page.env, { DEVICE_2: deviceIn(printed), CONSENT: consentIn(printed) });
    await page.step();
    page.end();
    const meter = await meterOf(community.addressIn("my-home/device-2"));
    expect(meter).to.include({ owner: OWNER.address, active: true, capacityW: CAPACITY_W });
    // Whoever has the old key can't report what begins after it was retired.
    await world.passSlots(40);
    const thief = privateKeyToAccount(device.privateKey);
    await expectRefused(world.report(thief, slots(32, 1, 100n)));
  });

  it("of a lost delegate key: its orders are void at once, those of the new key are good", async () => {
    const { world, delegate, walk } = community;
    const page = walk("lost-delegate-key");
    await world.fund(OWNER, 10n * EURO);
    await world.market(OWNER, "authorize", [world.euro, delegate.address, 5n * EURO, START * 2]);
    const relay = await relayOf();
    const order = world.order(OWNER.address);
    await relay.client.post([await world.sign(privateKeyToAccount(delegate.privateKey), order)]);
    const stateOf = async (of: typeof order) => (await relay.client.order(world.hashOf(of)))?.state;
    expect(await stateOf(order)).to.equal("live");

    await page.step();
    await relay.caughtUp();
    expect(await stateOf(order)).to.equal("void");
    expect(await page.step()).to.contain('"lockedUntil": 0');
    await page.step();
    const DELEGATE_2 = community.addressIn("my-home/delegate-2");
    Object.assign(page.env, { DELEGATE_2, UNTIL: `${START * 2}` });
    await page.step();
    page.end();
    const again = world.order(OWNER.address);
    await relay.caughtUp();
    const key = await community.keyIn("my-home/delegate-2");
    await relay.client.post([await world.sign(key, again)]);
    expect(await stateOf(again)).to.equal("live");
  });

  it("of an owner's key: lost, a new account goes on; stolen, everything is moved in time", async () => {
    const { world, device, walk } = community;
    const page = walk("lost-owner-key");
    await community.registerHome();
    await world.fund(OWNER, 10n * EURO);
    await world.passSlots(24);
    await world.report(privateKeyToAccount(device.privateKey), slots(0, 8, 400n));
    const intact = await world.client.snapshot();

    await page.step();
    const printed = await page.step();
    Object.assign(page.env, { DEVICE_2: deviceIn(printed), CONSENT: consentIn(printed) });
    await page.step();
    const device2 = await community.keyIn("my-home/device-2");
    await world.passSlots(40);
    await world.report(device2, slots(32, 8, 300n));
    expect(await energyOf(NEW_OWNER.address, 32)).to.equal(300n);
    expect((await accountOf(OWNER.address)).balance).to.equal(10_000n * EURO);

    await world.client.revert({ id: intact });
    const { balance } = jsonIn(await page.step());
    page.env.AMOUNT = `${BigInt(balance) / 1_000n}`;
    await page.step();
    expect(await community.balanceUnits(NEW_OWNER.address)).to.equal(10n * EURO);
    const { counter } = await accountOf(OWNER.address);
    expect(counter).to.equal(1n);
    page.env.OFFER = `${jsonIn(await page.step()).offers}`;
    await page.step();
    expect((await meterOf(device.address)).owner).to.equal(NEW_OWNER.address);
    Object.assign(page.env, { TOKEN: `${tokenOf(0)}`, WH: "400" });
    await page.step();
    page.end();
    expect(await energyOf(NEW_OWNER.address, 0)).to.equal(400n);
  });

  it("of an operator: the microgrid is handed over, or founded again and its meters move", async () => {
    const { world, device, walk } = community;
    const page = walk("operator");
    await community.registerHome();
    await page.step();
    expect((await microgridOf(1)).operator).to.equal(NEW_OPERATOR.address);

    expect(await page.step()).to.match(/^2$/m);
    const [old, founded] = [await microgridOf(1), await microgridOf(2)];
    expect(founded.charter).to.deep.equal(old.charter);
    await page.step();
    page.env.CONSENT = consentIn(await page.step());
    await page.step();
    const meter = await meterOf(device.address);
    expect(meter).to.include({ microgrid: 2, owner: OWNER.address, active: true });

    page.env.NEIGHBOUR = `${await community.join(1, NEW_OPERATOR, NEIGHBOUR)}`;
    await page.step();
    page.end();
    const crossing = () =>
      world.client.readContract({
        address: world.deployment.microgrids,
        abi: microgridsAbi,
        functionName: "crossingOf",
        args: [3, 1],
      });
    expect((await crossing()).capacity).to.be.greaterThan(0);
    await world.client.increaseTime({ seconds: 7 * 86_400 });
    await world.client.mine({ blocks: 1 });
    expect((await crossing()).capacity).to.equal(0);
  });

  it("of a member who leaves: the meter is handed over or retired, the money withdrawn", async () => {
    const { world, device, walk } = community;
    const page = walk("member-leaves");
    await community.registerHome();
    await world.fund(OWNER, 10n * EURO);
    await page.step();
    const intact = await world.client.snapshot();
    page.env.OFFER = `${jsonIn(await page.step()).offers}`;
    await page.step();
    expect((await meterOf(device.address)).owner).to.equal(NEW_OWNER.address);
    await world.client.revert({ id: intact });
    await page.step();
    expect((await meterOf(device.address)).active).to.equal(false);
    page.env.AMOUNT = `${BigInt(jsonIn(await page.step()).balance) / 1_000n}`;
    await page.step();
    page.end();
    expect((await accountOf(OWNER.address)).balance).to.equal(0n);
    expect(await community.balanceUnits(OWNER.address)).to.equal(10n * EURO);
  });

  it("of a paused currency: trades go on, money waits in the escrow", async () => {
    const { world, walk } = community;
    const page = walk("currency-paused");
    const meter = await world.meter(NEW_OWNER.address);
    await world.fund(OWNER, 10n * EURO);
    await world.passSlots(24);
    await world.report(meter, slots(0, 8, 1_000n));
    const intact = await world.client.getCode({ address: world.euro });
    if (intact === undefined) throw new Error("The currency has no code.");
    const setCode = (bytecode: Hex) => world.client.setCode({ address: world.euro, bytecode });

    await setCode(await artifactCode("test/OddTokens", "PausedToken"));
    const before = await accountOf(OWNER.address);
    expect(await page.refusedStep()).to.contain("The contract refuses");
    expect(await accountOf(OWNER.address)).to.deep.equal(before);
    const bid = await world.sign(OWNER, world.order(OWNER.address));
    await world.take(NEW_OWNER, signedOrderFromJson(bid), slots(0, 1, 500n));
    expect(await energyOf(OWNER.address, 0)).to.equal(500n);
    expect((await accountOf(NEW_OWNER.address)).balance).to.equal(500n * 190_000n);
    await page.step();
    await page.step();
    expect((await microgridOf(1)).closed).to.equal(true);

    await setCode(intact);
    await page.step();
    page.end();
    expect(await community.balanceUnits(OWNER.address)).to.equal(1n * EURO);
  });

  it("of a database: a relay gets its book from another one, an indexer reads the chain again", async () => {
    const { world, files, walk } = community;
    const page = walk("database-lost");
    await community.registerHome();
    await world.fund(OWNER, 10n * EURO);
    const lost = await relayOf();
    const peer = await relayOf({ peers: [lost.url] });
    const orders = Array.from({ length: 5 }, () => world.order(OWNER.address));
    await lost.client.post(await Promise.all(orders.map((order) => world.sign(OWNER, order))));
    await until("the peer has the book", async () => (await bookOf(peer.client)).size === 5);
    const book = await bookOf(lost.client);
    await lost.stop();

    for (const name of ["relay", "indexer"]) {
      mkdirSync(files.place(`.wattline/${name}/pglite`), { recursive: true });
      writeFileSync(files.place(`.wattline/${name}/pglite/PG_VERSION`), "nonsense");
    }
    const relayPort = await freePort();
    Object.assign(page.env, { PEER: peer.url, WATTLINE_PORT: `${relayPort}` });
    running(page.start());
    const client = new RelayClient(`http://127.0.0.1:${relayPort}`);
    const isWhole = async () =>
      (await bookOf(client).catch(() => new Map())).size === book.size || undefined;
    await until("the relay has the book again", isWhole, PATIENCE_MS);
    expect(await bookOf(client)).to.deep.equal(book);

    await indexed(page.env, () => page.start());
    page.end();
  });

  it("of 100 blocks of the chain: relay and indexer agree with what is there in the end", async () => {
    const { world, files, device, walk } = community;
    const page = walk("reorganised");
    await community.registerHome();
    await world.fund(OWNER, 10n * EURO);
    await world.passSlots(24);
    await community.meterHome();
    const meter = privateKeyToAccount(device.privateKey);
    const relay = await relayOf();
    const [kept, cancelled] = [world.order(OWNER.address), world.order(OWNER.address)];
    await relay.client.post([await world.sign(OWNER, kept), await world.sign(OWNER, cancelled)]);
    const stateOf = async (of: typeof kept) => (await relay.client.order(world.hashOf(of)))?.state;

    const fork = await world.client.snapshot();
    await world.report(meter, slots(0, 8, BigInt(EXPORT_WH)));
    await world.market(OWNER, "cancel", [[cancelled.nonce]]);
    await world.client.mine({ blocks: 98 });
    await relay.caughtUp();
    expect(await stateOf(cancelled)).to.equal("cancelled");
    await world.client.revert({ id: fork });
    await world.market(OWNER, "cancel", [[kept.nonce]]);
    await world.client.mine({ blocks: 101 });
    await relay.caughtUp();
    expect([await stateOf(kept), await stateOf(cancelled)]).to.deep.equal(["cancelled", "live"]);

    page.env.WATTLINE_PORT = `${await freePort()}`;
    await indexed(page.env, () => page.start());
    page.env.SLOT = `${START_SLOT}`;
    expect(await page.step()).to.equal("false");
    const { readings } = JSON.parse(readFileSync(files.place("my-home/signed.json"), "utf8"));
    expect(readings.some((each: object) => "exported" in each)).to.equal(true);
    expect(await page.step()).to.contain("Report: audit-after/report.html");
    page.end();
  });

  function running(service: Running): Running {
    closing.push(() => service.kill());
    return service;
  }

  /** Starts an indexer and expects it to have read the home's meter and money from the chain. */
  async function indexed(env: Record<string, string>, start: () => Running): Promise<void> {
    const port = await freePort();
    env.WATTLINE_PORT = `${port}`;
    const service = running(start());
    const api = connectIndexer(`http://127.0.0.1:${port}`);
    const head = Number(await community.world.client.getBlockNumber());
    const isThere = async () => {
      const status = await api.status().catch(() => undefined);
      return (status?.ready && status.block === head) || undefined;
    };
    await until("the indexer has read the chain", isThere, PATIENCE_MS).catch((error) => {
      throw new Error(`${error.message}\n${service.output().slice(-3_000)}`);
    });
  }
});

/** Expects a call or a transaction to be refused by the contract. */
async function expectRefused(asked: Promise<unknown>): Promise<void> {
  const error = await asked.then(
    () => undefined,
    (refused: unknown) => refused,
  );
  expect(String(error)).to.match(/has failed|revert/);
}
