import {
  ANY_SOURCE,
  type EnergyBySlot,
  type Order,
  sourceIndex,
  unpackProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { after, before, describe, it } from "mocha";
import { type Hex, zeroAddress } from "viem";
import { PATIENCE_MS, runs } from "../support/runs.ts";
import {
  createWorld,
  type MeterOf,
  type Person,
  START_SLOT,
  slots,
  testBlock,
  type World,
} from "../support/world.ts";
import { SpotModel } from "./spotModel.ts";

const SLOTS = 16;
const MONEY = 12_000n;
const ENERGY_WH = 50n;

describe("Spot trades of any kind in any order", () => {
  let world: World;
  let people: Person[];

  before(async () => {
    world = await createWorld();
    people = ["Jane", "Bob", "Carol"].map(world.person);
  });
  after(() => world.close());

  /** Three neighbours, each with a meter, energy in every slot, and money. */
  async function street(): Promise<MeterOf[]> {
    await world.found();
    const meters = [];
    for (const person of people) {
      meters.push(await world.meter(person));
      await world.fund(person, MONEY);
    }
    await world.passSlots(SLOTS);
    for (const meter of meters) await world.report(meter, slots(0, SLOTS, ENERGY_WH));
    return meters;
  }

  const person = fc.nat(2);
  const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

  const signing = fc.record({
    kind: fc.constant("sign" as const),
    maker: person,
    side: fc.nat(1),
    first: fc.nat(SLOTS - 4),
    length: fc.integer({ min: 1, max: 8 }),
    energy: fc.integer({ min: 40, max: 300 }),
    price: fc.bigInt(0n, 200_000n),
    counterparty: seldom(person),
  });
  const accepting = fc.record({
    kind: fc.constant("accept" as const),
    order: fc.nat(),
    /** How many doors from the maker's the taker lives; at the maker's own only by exception. */
    doors: fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 1, max: 2 }) },
      { weight: 1, arbitrary: fc.constant(0) },
    ),
    lanes: fc.array(fc.record({ offset: fc.nat(7), wh: fc.bigInt(0n, 60n) }), {
      minLength: 1,
      maxLength: 4,
    }),
    stray: seldom(fc.integer({ min: -1, max: 8 })),
    limit: seldom(fc.bigInt(0n, 12_000n)),
  });
  const cancelling = fc.record({ kind: fc.constant("cancel" as const), order: fc.nat() });
  const raising = fc.record({ kind: fc.constant("cancelAll" as const), who: person });
  const charging = fc.record({
    kind: fc.constant("setNetworkFee" as const),
    fee: fc.bigInt(0n, 100_000n),
  });
  const step = fc.oneof(
    { weight: 5, arbitrary: signing },
    { weight: 12, arbitrary: accepting },
    { weight: 1, arbitrary: cancelling },
    { weight: 1, arbitrary: raising },
    { weight: 2, arbitrary: charging },
  );
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  /** The chain and the model side by side. */
  class Street {
    readonly model: SpotModel;
    readonly orders: { readonly order: Order; readonly signature: Hex }[] = [];
    private readonly meters: readonly MeterOf[];
    private readonly count: (what: string) => void;

    constructor(meters: readonly MeterOf[], count: (what: string) => void) {
      this.meters = meters;
      this.count = count;
      this.model = new SpotModel(world.addresses.euro, world.dso.address);
      for (const { address } of people) {
        this.model.addMoney(address, MONEY);
        for (const slot of slots(0, SLOTS, 0n).keys())
          this.model.addEnergy(address, slot, ENERGY_WH);
      }
    }

    async run(step: Step): Promise<void> {
      switch (step.kind) {
        case "sign":
          return this.sign(step);
        case "accept":
          return this.accept(step);
        case "cancel":
          return this.cancel(step.order);
        case "cancelAll":
          return this.cancelAll(step.who);
        case "setNetworkFee":
          return this.setNetworkFee(step.fee);
      }
    }

    private async sign({ maker, first, length, counterparty, ...rest }: StepOf<"sign">) {
      const { address } = at(people, maker);
      const order = world.order(at(this.meters, maker), {
        side: rest.side,
        energy: rest.energy,
        price: rest.price,
        sources: ANY_SOURCE,
        firstSlot: START_SLOT + first,
        lastSlot: START_SLOT + first + length - 1,
        counter: this.model.counterOf(address),
        counterparty: counterparty === undefined ? zeroAddress : at(people, counterparty).address,
      });
      this.orders.push({ order, signature: await world.sign(order, at(people, maker)) });
    }

    private async accept({ order: index, doors, lanes, stray, limit }: StepOf<"accept">) {
      if (this.orders.length === 0) return;
      const { order, signature } = at(this.orders, index % this.orders.length);
      const maker = people.findIndex(({ address }) => address === order.maker);
      const taker = at(people, (maker + doors) % people.length);
      const length = order.lastSlot - order.firstSlot + 1;
      const takenWh = new Map<number, bigint>();
      for (const { offset, wh } of lanes) takenWh.set(order.firstSlot + (offset % length), wh);
      if (stray !== undefined) takenWh.set(order.firstSlot + stray, 1n);
      const named = limit ?? (order.side === 0 ? 2n ** 255n : 0n);

      const attempt = world.marketplace
        .connect(taker.signer)
        .accept(order, signature, world.take(takenWh, { limit: named }));
      const refusal = this.model.accept(order, taker.address, takenWh, named);
      this.count(refusal?.error ?? `taken ${order.side === 0 ? "offer" : "bid"}`);
      if (refusal === undefined) {
        await attempt;
        return;
      }
      const contract = refusal.error.startsWith("ERC1155") ? world.energy : world.marketplace;
      await expect(attempt)
        .to.be.revertedWithCustomError(contract, refusal.error)
        .withArgs(...refusal.args);
    }

    private async cancel(index: number) {
      if (this.orders.length === 0) return;
      const { order } = at(this.orders, index % this.orders.length);
      const { signer } = at(
        people,
        people.findIndex(({ address }) => address === order.maker),
      );
      await world.marketplace.connect(signer).cancel([order.nonce]);
      this.model.cancelled.add(order.nonce);
    }

    private async cancelAll(who: number) {
      const { signer, address } = at(people, who);
      await world.marketplace.connect(signer).cancelAll(world.addresses.euro);
      this.model.cancelAll(address);
    }

    private async setNetworkFee(networkFee: bigint) {
      const tariffs = { ...world.tariffs, networkFee };
      await world.meters.connect(world.operator.signer).setTariffs(1, tariffs);
      this.model.networkFeePerKwh = networkFee;
    }

    /** Whether the chain holds exactly what the model holds. */
    async compare(): Promise<void> {
      const { model } = this;
      for (const { name, address } of [...people, world.dso]) {
        const { balance } = await world.marketplace.accountOf(world.addresses.euro, address);
        expect(balance, `${name}'s money`).to.equal(model.moneyOf(address));
      }
      for (const { name, address } of people) {
        expect(await heldWh(address), `${name}'s energy`).to.deep.equal(
          withoutZeros(model.energyWh.get(address) ?? new Map()),
        );
      }
      for (const { order } of this.orders) {
        const fill = await world.marketplace.fillOf(order.maker, order.nonce);
        expect([...fill], `fill of ${order.nonce}`).to.deep.equal([
          model.filledWh.get(order.nonce) ?? 0n,
          model.cancelled.has(order.nonce),
        ]);
      }
    }
  }
  type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

  async function heldWh(holder: string) {
    const firstBlock = testBlock(0);
    const source = sourceIndex("Solar");
    const words = await world.energy.profileOf(holder, 1, source, firstBlock, SLOTS / 8);
    return unpackProfile({ firstBlock, words });
  }

  it("leave money, energy and fills as in a plain model", async () => {
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
        const meters = await world.networkHelpers.loadFixture(street);
        const both = new Street(meters, count);
        for (const each of steps) {
          await both.run(each);
          await both.compare();
        }
      }),
      runs(30),
    );

    // A property that never meets a case says nothing about it.
    expect([...seen.keys()].sort()).to.deep.equal([
      "ERC1155InsufficientBalance",
      "Escrow_InsufficientBalance",
      "Orders_CounterRaised",
      "Orders_IsCancelled",
      "Orders_NotCounterparty",
      "Orders_OutsideSlots",
      "Orders_Overfilled",
      "Spot_FeeExceedsPrice",
      "Spot_LimitMissed",
      "Spot_NothingTaken",
      "Spot_SelfTrade",
      "taken bid",
      "taken offer",
    ]);
  }).timeout(PATIENCE_MS);
});

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`There is no item ${index}.`);
  return item;
}

const withoutZeros = (energyWh: EnergyBySlot): Map<number, bigint> =>
  new Map([...energyWh].filter(([, wh]) => wh !== 0n).sort(([a], [b]) => a - b));
