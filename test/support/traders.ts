import {
  blockOf,
  costOf,
  type EnergyBySlot,
  laneOf,
  type Order,
  type Source,
  sourceIndex,
  sumWh,
  unpackProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import type { Address } from "viem";
import { zeroAddress } from "viem";
import { type Person, START_SLOT, type World } from "./world.ts";

/** The terms of a forward, as the contracts know them. */
export interface Position {
  readonly seller: Address;
  readonly buyer: Address;
  readonly meter: Address;
  readonly source: number;
  readonly from: number;
  readonly to: number;
  readonly currency: Address;
  readonly price: bigint;
  readonly charge: bigint;
  readonly bond: bigint;
  readonly lossBps: number;
}

/** How a taker takes; what is missing is what the taker would not care about. */
export interface Taking {
  readonly limit?: bigint;
  readonly source?: Source;
  readonly microgrid?: number;
  readonly meter?: Address;
  /** Who signs, when it is not the maker. */
  readonly signer?: Person;
}

export const OFFER = 0;
export const BID = 1;
export const [CONNECTED, ISLANDED, CLOSED] = [0, 1, 2];

/** What a charge comes to, rounded down to a base unit. */
export const chargeOf = (chargePerKwh: bigint, energyWh: bigint): bigint =>
  (chargePerKwh * energyWh) / 1000n;

/** What a block of a position locks of the buyer's money and of the seller's. */
export const lockedFor = (
  terms: { price: bigint; charge: bigint; bond: bigint },
  energyWh: bigint,
) => ({
  locked: costOf(terms.price, energyWh) + chargeOf(terms.charge, energyWh),
  bonded: costOf(terms.bond, energyWh),
});

/** The slot of the tests' day with this number. */
export const slot = (number: number): number => START_SLOT + number;

/** Energy in slots of the tests' day. */
export const energyIn = (wh: Readonly<Record<number, bigint>>): Map<number, bigint> =>
  new Map(Object.entries(wh).map(([number, energy]) => [slot(Number(number)), energy]));

/** The guard bits of lanes. */
export const guards = (...lanes: readonly number[]): bigint =>
  lanes.reduce((bits, lane) => bits | (1n << BigInt(32 * lane + 31)), 0n);

/** People who trade, and a look at what they have. */
export function createTraders(world: World) {
  const { marketplace, meters, energy, euro, addresses } = world;
  const people = new Map([world.operator, world.dso].map((person) => [person.address, person]));

  function meet(name: string): Person {
    const person = world.person(name);
    people.set(person.address, person);
    return person;
  }

  function personAt(address: Address): Person {
    const person = people.get(address);
    if (person === undefined) throw new Error(`Nobody has met ${address}.`);
    return person;
  }

  const marketAs = (person: Person) => marketplace.connect(person.signer);
  const metersAs = (person: Person) => meters.connect(person.signer);
  const setTariffs = (tariffs: object, microgrid = 1) =>
    metersAs(world.operator).setTariffs(microgrid, { ...world.tariffs, ...tariffs });
  const setMode = (mode: number, microgrid = 1) =>
    metersAs(world.operator).setMode(microgrid, mode);

  const moneyOf = async (holder: Person) =>
    (await marketplace.accountOf(addresses.euro, holder.address)).balance;

  /** What a holder has of a source in the tests' day. */
  async function energyOf(holder: Person, microgrid = 1, source: Source = "Solar") {
    const firstBlock = blockOf(START_SLOT);
    const words = await energy.profileOf(
      holder.address,
      microgrid,
      sourceIndex(source),
      firstBlock,
      12,
    );
    return unpackProfile({ firstBlock, words });
  }

  async function signedTake(order: Order, energyWh: EnergyBySlot, taking: Taking) {
    const { signer = personAt(order.maker), limit = order.side === OFFER ? 2n ** 255n : 0n } =
      taking;
    const { microgrid = order.microgrid, meter = zeroAddress, source = "Solar" } = taking;
    return [
      order,
      await world.sign(order, signer),
      world.take(energyWh, { source, limit, microgrid, meter }),
    ] as const;
  }

  /** `by` takes energy that is there. */
  const accept = async (by: Person, order: Order, energyWh: EnergyBySlot, taking: Taking = {}) =>
    marketAs(by).accept(...(await signedTake(order, energyWh, taking)));

  /** `by` takes energy that is to come. */
  const reserve = async (by: Person, order: Order, energyWh: EnergyBySlot, taking: Taking = {}) =>
    marketAs(by).reserve(...(await signedTake(order, energyWh, taking)));

  /** The position that an order taken within its microgrid makes; `differing` says what is otherwise. */
  function positionOf(order: Order, taker: Person, differing: Partial<Position> = {}): Position {
    const isOffer = order.side === OFFER;
    return {
      seller: isOffer ? order.maker : taker.address,
      buyer: isOffer ? taker.address : order.maker,
      meter: order.meter,
      source: sourceIndex("Solar"),
      from: order.microgrid,
      to: order.microgrid,
      currency: addresses.euro,
      price: order.price,
      charge: 0n,
      bond: order.bond,
      lossBps: 0,
      ...differing,
    };
  }

  /** What is reserved of a position in the block of a slot of the tests' day. */
  async function reservedOf(position: Position, number: number) {
    const id = await marketplace.positionId(position);
    const firstBlock = blockOf(slot(number));
    return unpackProfile({ firstBlock, words: [await marketplace.reservedOf(id, firstBlock)] });
  }

  /** Releases the blocks in which these slots of the tests' day lie. */
  const release = (by: Person, position: Position, ...numbers: readonly number[]) =>
    marketAs(by).release(
      numbers.map((number) => ({ position, blockNumber: blockOf(slot(number)) })),
    );

  /** What positions have locked, as everybody can add it up from the events and the positions. */
  async function locked(): Promise<bigint> {
    const amounts = new Map<string, bigint>();
    for (const { args } of await marketplace.queryFilter(marketplace.filters.Reserved())) {
      const { price, charge, bond } = args.position;
      for (const offset of args.energy.keys()) {
        const blockNumber = Number(args.firstBlock) + offset;
        const wh = sumWh([await marketplace.reservedOf(args.positionId, blockNumber)]);
        const { locked, bonded } = lockedFor({ price, charge, bond }, wh);
        amounts.set(`${args.positionId} ${blockNumber}`, locked + bonded);
      }
    }
    return [...amounts.values()].reduce((total, amount) => total + amount, 0n);
  }

  /** The contract holds what is in the accounts and what is locked, to the base unit. */
  async function expectEscrowWhole() {
    let owed = await locked();
    for (const person of people.values()) owed += await moneyOf(person);
    expect(await euro.balanceOf(addresses.market)).to.equal(owed);
  }

  /** How a block of a meter stands to its forwards, in Wh of the lane of a slot of the tests' day. */
  async function deliveryOf(meter: Address, number: number) {
    const { committed, delivered, resolved } = await meters.deliveryOf(
      meter,
      blockOf(slot(number)),
    );
    const lane = slot(number) % 8;
    return {
      committed: laneOf(committed, lane),
      delivered: laneOf(delivered, lane),
      resolved: ((resolved >> BigInt(32 * lane + 31)) & 1n) === 1n,
    };
  }

  const refusedByMarket = (attempt: Promise<unknown>, error: string) =>
    expect(attempt).to.be.revertedWithCustomError(marketplace, error);
  const refusedByMeters = (attempt: Promise<unknown>, error: string) =>
    expect(attempt).to.be.revertedWithCustomError(meters, error);

  return {
    meet,
    marketAs,
    metersAs,
    setTariffs,
    setMode,
    moneyOf,
    energyOf,
    accept,
    reserve,
    positionOf,
    reservedOf,
    release,
    expectEscrowWhole,
    deliveryOf,
    refusedByMarket,
    refusedByMeters,
  };
}
