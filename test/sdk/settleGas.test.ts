import {
  type Batch,
  batchesOf,
  bulkDigest,
  bulkSignature,
  bulkTree,
  type EnergyBySlot,
  FIRST_FIRM_NONCE,
  type Microgrid,
  type Order,
  type Pairing,
  SETTLE_GAS_BUDGET,
  type SignedOrder,
  unpackProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, beforeEach, describe, it } from "mocha";
import { size, zeroAddress } from "viem";
import { microgridWith } from "../../sdk/test/support/microgrid.ts";
import { hex } from "../support/signatures.ts";
import {
  createWorld,
  DAY,
  type MeterOf,
  START,
  slot,
  slots,
  type World,
} from "../support/world.ts";

/*
 * The sdk plans gas for batches by an upper bound. Each shape here has only accounts that trade for the first time, and is
 * settled with the gas that was planned for it and no more.
 */

const PRICE = 200_000n;
const FEE = 10_000n;
/** Gas of a byte of calldata by EIP-7976, whatever it is. */
const FLOOR_PER_BYTE = 64n;
const BASE_GAS = 21_000n;

interface PairOptions {
  readonly from?: number;
  readonly to?: number;
  readonly overrides?: Partial<Order>;
}

describe("the gas planned for settling", () => {
  let world: World;
  /** Of one level, of two levels, and at the other end of a line. */
  let [plain, daily, beyond] = [0, 0, 0];
  let snapshot: Awaited<ReturnType<World["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    world = await createWorld();
    plain = await world.found([{ price: PRICE, fee: FEE }]);
    daily = await world.found(
      [
        { price: PRICE, fee: FEE },
        { price: PRICE, fee: FEE + 1n },
      ],
      {
        levelOfHour: 0b01_00_01n,
        ration: 250,
      },
    );
    beyond = await world.found([{ price: 300_000n, fee: FEE }]);
    await world.join(daily, beyond, { lossBps: 300, capacity: 1_000_000, wheelingUp: 5_000n });
    await world.join(plain, beyond, { lossBps: 300, capacity: 1_000_000, wheelingUp: 5_000n });
    snapshot = await world.networkHelpers.takeSnapshot();
  });
  beforeEach(() => snapshot.restore());
  after(() => world.close());

  const known =
    (islanded = false) =>
    (number: number): Microgrid =>
      microgridWith({
        microgrid: number,
        levels:
          number === daily ? [{ feePerKwh: FEE }, { feePerKwh: FEE + 1n }] : [{ feePerKwh: FEE }],
        levelOfHour: number === daily ? 0b01_00_01n : 0n,
        islands: islanded ? [{ firstSlot: 0, lastSlot: undefined, endedAtSeconds: undefined }] : [],
      });

  const home = async (microgrid: number): Promise<MeterOf> => {
    const of = await world.meter(await world.person(), { microgrid });
    await world.fund(of.owner);
    return of;
  };

  /** As many pairs of strangers as told: the sellers have the energy, the buyers the money. */
  async function pairsOf(
    count: number,
    energyWh: EnergyBySlot,
    { from = plain, to, overrides = {} }: PairOptions = {},
  ): Promise<{ seller: MeterOf; buyer: MeterOf; pairing: Pairing }[]> {
    const pairs: { seller: MeterOf; buyer: MeterOf; pairing: Pairing }[] = [];
    for (let pair = 0; pair < count; pair++) {
      const [seller, buyer] = [await home(from), await home(to ?? from)];
      const offer = await world.limitOffer(seller, 1n, overrides);
      const bid = await world.limitBid(buyer, 10n ** 9n, overrides);
      pairs.push({ seller, buyer, pairing: { offer, bid, source: "Solar", energyWh } });
    }
    return pairs;
  }

  async function reportAll(sellers: readonly MeterOf[], energyWh: EnergyBySlot): Promise<void> {
    for (const seller of sellers) await world.report(seller, energyWh);
  }

  /** Settles every batch with the gas that it is planned for; all of the energy trades. */
  async function settleAll(batches: readonly Batch[], settler = world.operator): Promise<void> {
    for (const batch of batches) {
      const { orders, signatures, matches, gas } = batch;
      const sent = await world.marketplace.connect(settler.signer).settle(
        [...orders],
        [...signatures],
        matches.map((match) => ({ ...match, energy: [...match.energy] })),
        { gasLimit: gas },
      );
      expect(await world.skippedBy(sent)).to.deep.equal([]);
      const bytes = BigInt(size(hex(sent.data)));
      expect(gas <= SETTLE_GAS_BUDGET).to.equal(true);
      expect(BASE_GAS + bytes * FLOOR_PER_BYTE <= gas, "calldata floor").to.equal(true);
      const names = ["Matched", "Reserved"] as const;
      const events = await Promise.all(names.map((name) => world.eventsOf(sent, name)));
      expect(events.flat().length).to.equal(matches.length);
      const wanted = matches.flatMap(({ firstBlock, energy }) => [
        ...unpackProfile({ firstBlock, words: energy }).values(),
      ]);
      const sold = (events[0] ?? []).reduce((sum, { sentWh }) => sum + sentWh, 0n);
      if (sold > 0n) expect(sold).to.equal(wanted.reduce((a, b) => a + b));
    }
  }

  for (const [pairs, count] of [
    [1, 1],
    [20, 8],
    [40, 1],
    [3, 96],
  ] as const) {
    it(`suffices for ${pairs} pairs of strangers in ${count} slots`, async () => {
      const energyWh = slots(0, count, 5n);
      const all = await pairsOf(pairs, energyWh);
      await world.passSlots(96);
      await reportAll(
        all.map(({ seller }) => seller),
        energyWh,
      );
      await settleAll(
        batchesOf(
          all.map(({ pairing }) => pairing),
          { known: known() },
        ),
      );
    });
  }

  it("suffices where each hour has its own price", async () => {
    const energyWh = slots(0, 96, 5n);
    const all = await pairsOf(3, energyWh, { from: daily });
    await world.passSlots(96);
    await reportAll(
      all.map(({ seller }) => seller),
      energyWh,
    );
    await settleAll(
      batchesOf(
        all.map(({ pairing }) => pairing),
        { known: known() },
      ),
    );
  });

  it("suffices for slots far from each other", async () => {
    const energyWh = new Map([0, 9, 18, 40, 95].map((number) => [slot(number), 5n]));
    const all = await pairsOf(5, energyWh);
    await world.passSlots(96);
    await reportAll(
      all.map(({ seller }) => seller),
      slots(0, 96, 5n),
    );
    await settleAll(
      batchesOf(
        all.map(({ pairing }) => pairing),
        { known: known() },
      ),
    );
  });

  for (const [forward, prices] of [
    [false, "plain"],
    [false, "daily"],
    [true, "plain"],
    [true, "daily"],
  ] as const) {
    it(`suffices across a tie line with ${prices} prices${forward ? ", for energy to come" : ""}`, async () => {
      const energyWh = slots(0, 40, 50n);
      const overrides = { crosses: true, forward };
      const from = prices === "plain" ? plain : daily;
      const all = await pairsOf(4, energyWh, { from, to: beyond, overrides });
      if (!forward) {
        await world.passSlots(96);
        await reportAll(
          all.map(({ seller }) => seller),
          energyWh,
        );
      }
      await settleAll(
        batchesOf(
          all.map(({ pairing }) => pairing),
          { known: known() },
        ),
      );
    });
  }

  for (const from of ["plain", "daily"] as const) {
    it(`suffices for energy to come in a microgrid with ${from} prices`, async () => {
      const energyWh = slots(0, 40, 50n);
      const microgrid = from === "plain" ? plain : daily;
      const overrides = { forward: true, bond: 1_000n };
      const offers = await pairsOf(4, energyWh, { from: microgrid, overrides });
      await settleAll(
        batchesOf(
          offers.map(({ pairing }) => pairing),
          { known: known() },
        ),
      );
    });
  }

  for (const forward of [false, true]) {
    it(`suffices for rations of an island${forward ? ", for energy to come" : ""}`, async () => {
      const energyWh = slots(0, 16, 5n);
      const all = await pairsOf(4, energyWh, { from: daily, overrides: { forward } });
      await world.microgrids.connect(world.operator.signer).setIslanded(daily, true);
      if (!forward) {
        await world.passSlots(96);
        await reportAll(
          all.map(({ seller }) => seller),
          energyWh,
        );
      }
      await settleAll(
        batchesOf(
          all.map(({ pairing }) => pairing),
          { known: known(true) },
        ),
      );
    });
  }

  it("suffices for what delegates sign, under bulk signatures", async () => {
    const energyWh = slots(0, 8, 5n);
    const all = await pairsOf(6, energyWh);
    const market = world.marketplace;
    const bulk = async ({ order }: SignedOrder, owner: MeterOf["owner"]): Promise<SignedOrder> => {
      const delegate = await world.person();
      const { euro } = world.addresses;
      const until = START + 20 * DAY;
      await market.connect(owner.signer).authorize(euro, delegate.address, 10n ** 8n, until);
      const others = Array.from({ length: 99 }, (_, nonce) => ({ ...order, nonce: BigInt(nonce) }));
      const tree = bulkTree([order, ...others]);
      const signature = await delegate.key.sign({ hash: bulkDigest(world.domain, tree) });
      return { order, signature: bulkSignature(tree, 0, signature) };
    };
    const pairings: Pairing[] = [];
    for (const { seller, buyer, pairing } of all) {
      const [offer, bid] = [
        await bulk(pairing.offer, seller.owner),
        await bulk(pairing.bid, buyer.owner),
      ];
      pairings.push({ ...pairing, offer, bid });
    }
    await world.passSlots(96);
    await reportAll(
      all.map(({ seller }) => seller),
      energyWh,
    );
    await settleAll(batchesOf(pairings, { known: known() }));
  });

  it("suffices for firm orders, which their locks' signers sign", async () => {
    const energyWh = slots(0, 8, 5n);
    const settler = await world.person();
    const until = START + 20 * DAY;
    const overrides = { nonce: FIRST_FIRM_NONCE, settler: settler.address, deadline: until };
    const all = await pairsOf(6, energyWh, { overrides });
    const pairings: Pairing[] = [];
    for (const { seller, buyer, pairing } of all) {
      const signer = await world.person();
      for (const { owner } of [seller, buyer]) {
        await world.marketplace
          .connect(owner.signer)
          .lock(world.addresses.euro, settler.address, signer.address, until);
      }
      const [offer, bid] = await Promise.all(
        [pairing.offer, pairing.bid].map(({ order }) => world.sign(order, signer)),
      );
      if (offer && bid) pairings.push({ ...pairing, offer, bid });
    }
    await world.passSlots(96);
    await reportAll(
      all.map(({ seller }) => seller),
      energyWh,
    );
    await settleAll(batchesOf(pairings, { known: known() }), settler);
  });

  it("suffices for wallets that use all the gas they are given", async () => {
    const energyWh = slots(0, 8, 5n);
    const [pair] = await pairsOf(1, energyWh);
    if (pair === undefined) throw new Error("There is one pair.");
    const key = await world.person();
    const wallet = await world.ethers.deployContract("ContractWallet");
    const burner = await world.ethers.deployContract("ContractWallet");
    await wallet.setUp(key.address, 0);
    await burner.setUp(key.address, 3);
    const { euro, market } = world.addresses;
    for (const each of [wallet, burner]) {
      const address = await each.getAddress();
      await world.euro.mint(address, 10n ** 8n);
      const calls = [
        [euro, world.euro.interface.encodeFunctionData("approve", [market, 10n ** 8n])],
        [market, world.marketplace.interface.encodeFunctionData("deposit", [euro, 10n ** 8n])],
      ] as const;
      for (const [to, data] of calls) await each.execute(to, data);
    }
    const bidOf = async (each: typeof wallet): Promise<SignedOrder> => {
      const maker = hex(await each.getAddress());
      const order = { ...pair.pairing.bid.order, maker, meter: zeroAddress };
      const { signature } = await world.sign(order, key);
      return { order, signature };
    };
    await world.passSlots(96);
    await world.report(pair.seller, energyWh);
    const pairings = [
      { ...pair.pairing, bid: await bidOf(burner) },
      { ...pair.pairing, bid: await bidOf(wallet) },
    ];
    const [batch] = batchesOf(pairings, {
      known: known(),
      isWallet: (maker) => maker !== pair.seller.owner.address,
    });
    if (batch === undefined) throw new Error("There is one batch.");
    const sent = world.marketplace.connect(world.operator.signer).settle(
      [...batch.orders],
      [...batch.signatures],
      batch.matches.map((match) => ({ ...match, energy: [...match.energy] })),
      { gasLimit: batch.gas },
    );
    expect(await world.skippedBy(sent)).to.deep.equal(["Orders_BadSignature"]);
    expect((await world.eventsOf(sent, "Matched")).length).to.equal(1);
  });
});
