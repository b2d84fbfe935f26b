import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import {
  blockOf,
  type EnergyBySlot,
  ORDER_TYPES,
  type Order,
  packProfile,
  packReading,
  READING_TYPES,
  REGISTRATION_TYPES,
  type SignedOrder,
  unpackProfile,
} from "@wattline/sdk";
import { network } from "hardhat";
import { type Address, concat, getAddress, type Hex, keccak256, toHex, zeroAddress } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

/** A fresh in-process chain with the market on it, a currency, and functions that act on them. */
export type World = Awaited<ReturnType<typeof createWorld>>;

/** An account that sends transactions, and the key that signs for it. */
export interface Person {
  readonly address: Address;
  readonly key: PrivateKeyAccount;
  readonly signer: HardhatEthersSigner;
}

/** One of a person's meters, with its device key. */
export interface MeterOf {
  readonly device: PrivateKeyAccount;
  readonly owner: Person;
  readonly microgrid: number;
}

/** Prices of a level, in base units per kWh. */
export interface Level {
  readonly price: bigint;
  readonly fee: bigint;
  readonly cap: bigint;
  readonly feedIn: bigint;
  readonly retail: bigint;
}

export interface TieLine {
  readonly lossBps: number;
  readonly capacity: number;
  readonly wheelingUp: bigint;
  readonly wheelingDown: bigint;
}

export const SLOT_SECONDS = 900;
/** A Monday at midnight UTC, the start of a block: tests count their slots from here. */
export const START = Date.UTC(2027, 5, 7) / 1000;
export const START_SLOT = START / SLOT_SECONDS;
export const FIRST_BLOCK = blockOf(START_SLOT);
export const DAY = 86_400;
export const SOLAR = 0;
export const ANYONE = "0x0000000000000000000000000000000000000001";
export const LEVEL: Level = {
  price: 200_000n,
  fee: 0n,
  cap: 250_000n,
  feedIn: 80_000n,
  retail: 320_000n,
};
const NO_LIMIT = 2n ** 127n;

/** The slot of the tests' day with this number. */
export const slot = (number: number): number => START_SLOT + number;

/** `wh` in each of `count` slots of the tests' day. */
export const slots = (first: number, count: number, wh: bigint): Map<number, bigint> =>
  new Map(Array.from({ length: count }, (_, i) => [slot(first + i), wh]));

/** Energy in slots of the tests' day. */
export const energyIn = (wh: Readonly<Record<number, bigint>>): Map<number, bigint> =>
  new Map(Object.entries(wh).map(([number, energy]) => [slot(Number(number)), energy]));

/** Deploys everything on a chain of its own whose clock stands an hour before {@link START}. */
export async function createWorld() {
  const connection = await network.create({
    override: { initialDate: new Date((START - 3600) * 1000) },
  });
  const { ethers, networkHelpers, provider } = connection;
  const microgrids = await ethers.deployContract("Microgrids");
  const metadata = await ethers.deployContract("EnergyMetadata");
  const tokens = await ethers.deployContract("EnergyTokenFactory", {
    libraries: { EnergyMetadata: await metadata.getAddress() },
  });
  const factory = await ethers.deployContract("MetersFactory", [microgrids, tokens]);
  const settlement = await ethers.deployContract("Settlement");
  const forwards = await ethers.deployContract("Forwards");
  const releases = await ethers.deployContract("Releases");
  const mandates = await ethers.deployContract("Mandates");
  const marketplace = await ethers.deployContract("Marketplace", [
    factory,
    settlement,
    forwards,
    releases,
    mandates,
  ]);
  const meters = await ethers.getContractAt("Meters", await marketplace.METERS());
  const energy = await ethers.getContractAt("EnergyToken", await marketplace.ENERGY());
  const euro = await ethers.deployContract("TestEuro");
  const addresses = {
    market: getAddress(await marketplace.getAddress()),
    meters: getAddress(await meters.getAddress()),
    euro: getAddress(await euro.getAddress()),
  };
  const chainId = Number((await ethers.provider.getNetwork()).chainId);
  let people = 0;
  let devices = 0;
  let nonces = 0n;

  const keyOf = (name: string): PrivateKeyAccount => privateKeyToAccount(keccak256(toHex(name)));

  /** An account with ether. */
  async function person(name = `person ${people++}`): Promise<Person> {
    const key = keyOf(name);
    await provider.request({
      method: "hardhat_setBalance",
      params: [key.address, toHex(10n ** 24n)],
    });
    const signer = await ethers.getImpersonatedSigner(key.address);
    return { address: key.address, key, signer };
  }

  const operator = await person("operator");
  const dso = await person("dso");

  const charter = {
    name: "Sunny Lane",
    latitudeTenths: 484,
    longitudeTenths: 100,
    currency: addresses.euro,
    slotSeconds: SLOT_SECONDS,
    reportingDeadline: DAY,
    utcOffsetMinutes: 0,
  };

  /** Founds a microgrid run by `operator` with these levels, all hours in the first unless told otherwise. */
  async function found(
    levels: readonly Partial<Level>[] = [{}],
    {
      levelOfHour = 0n,
      ration = 250,
      dsoOf = dso.address,
      offset = 0,
      charterOf = {} as Partial<typeof charter>,
    } = {},
  ): Promise<number> {
    await microgrids.connect(operator.signer).found(
      { ...charter, utcOffsetMinutes: offset, ...charterOf },
      levelOfHour,
      levels.map((level) => ({ ...LEVEL, ...level })),
      dsoOf,
      ration,
    );
    return Number(await microgrids.microgridCount());
  }

  /** Joins two microgrids by a tie line; both are run by `operator`. */
  async function join(one: number, other: number, line: Partial<TieLine> = {}): Promise<void> {
    const agreed = { lossBps: 0, capacity: 1_000, wheelingUp: 0n, wheelingDown: 0n, ...line };
    for (const [mine, theirs] of [
      [one, other],
      [other, one],
    ] as const) {
      await microgrids.connect(operator.signer).proposeTieLine(mine, theirs, agreed);
    }
  }

  /** Registers a new meter for `owner`. */
  async function meter(
    owner: Person,
    { microgrid = 1, capacityW = 80_000, critical = false } = {},
  ): Promise<MeterOf> {
    const device = keyOf(`device ${devices++}`);
    const registration = {
      microgrid,
      owner: owner.address,
      meter: device.address,
      source: SOLAR,
      capacityW,
    };
    const consent = await device.signTypedData({
      domain: {
        name: "Wattline Meters",
        version: "2",
        chainId,
        verifyingContract: addresses.meters,
      },
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: registration,
    });
    await meters.connect(operator.signer).register({ ...registration, critical }, consent);
    return { device, owner, microgrid };
  }

  /** Reports what `meter` exported; the clock must have passed the slots. */
  async function report(of: MeterOf, exportedWh: EnergyBySlot) {
    const { firstBlock, words } = packReading(exportedWh);
    const message = { meter: of.device.address, firstBlock, exported: [...words] };
    const signature = await of.device.signTypedData({
      domain: {
        name: "Wattline Meters",
        version: "2",
        chainId,
        verifyingContract: addresses.meters,
      },
      types: READING_TYPES,
      primaryType: "Reading",
      message: { ...message },
    });
    return meters.connect(of.owner.signer).report(message, signature);
  }

  /** Puts base units of money into `holder`'s escrow. */
  async function fund(holder: Person, amount = 100_000_000n): Promise<void> {
    await euro.mint(holder.address, amount);
    await euro.connect(holder.signer).approve(addresses.market, amount);
    await marketplace.connect(holder.signer).deposit(addresses.euro, amount);
  }

  /** An order of the meter's owner, good for the first three days unless told otherwise: a posted offer. */
  function order(of: MeterOf, overrides: Partial<Order> = {}): Order {
    return {
      maker: of.owner.address,
      meter: of.device.address,
      microgrid: of.microgrid,
      side: 0,
      sources: 255,
      firstSlot: START_SLOT,
      lastSlot: START_SLOT + 3 * 96 - 1,
      energy: 1_000_000,
      price: 190_000n,
      forward: false,
      bond: 0n,
      mostAhead: 2 ** 31 - 1,
      crosses: false,
      counterparty: zeroAddress,
      settler: zeroAddress,
      nonce: nonces++,
      counter: 0n,
      deadline: START + 25 * DAY,
      ...overrides,
    };
  }

  const domain = {
    name: "Wattline",
    version: "2",
    chainId,
    verifyingContract: addresses.market,
  } as const;

  /** `order` with the signature of its maker, or of `key`. */
  const sign = async (
    signed: Order,
    { key }: { key: PrivateKeyAccount },
  ): Promise<SignedOrder> => ({
    order: signed,
    signature: await key.signTypedData({
      domain,
      types: ORDER_TYPES,
      primaryType: "Order",
      message: signed,
    }),
  });

  const offer = (of: MeterOf, overrides: Partial<Order> = {}) =>
    sign(order(of, overrides), of.owner);
  const bid = (of: MeterOf, overrides: Partial<Order> = {}) =>
    sign(order(of, { side: 1, ...overrides }), of.owner);
  const limitOffer = (of: MeterOf, price: bigint, overrides: Partial<Order> = {}) =>
    offer(of, { price, settler: ANYONE, ...overrides });
  const limitBid = (of: MeterOf, price: bigint, overrides: Partial<Order> = {}) =>
    bid(of, { price, settler: ANYONE, ...overrides });

  /** What a taker takes: a profile of solar energy in microgrid 1. */
  function take(energyWh: EnergyBySlot, isOffer: boolean, overrides: object = {}) {
    const { firstBlock, words } = packProfile(energyWh);
    return {
      microgrid: 1,
      meter: zeroAddress,
      source: SOLAR,
      schedule: 0,
      takerSchedule: 0,
      firstBlock,
      energy: [...words],
      leastWh: 0,
      limit: isOffer ? NO_LIMIT : 0n,
      mostAhead: 2 ** 31 - 1,
      ...overrides,
    };
  }

  const accept = (
    by: Person,
    { order: signed, signature }: SignedOrder,
    energyWh: EnergyBySlot,
    overrides: object = {},
  ) =>
    marketplace
      .connect(by.signer)
      .accept(signed, signature, take(energyWh, signed.side === 0, overrides));

  const reserve = (
    by: Person,
    { order: signed, signature }: SignedOrder,
    energyWh: EnergyBySlot,
    overrides: object = {},
  ) =>
    marketplace
      .connect(by.signer)
      .reserve(signed, signature, take(energyWh, signed.side === 0, overrides));

  /** Settles matches of offers and bids, each order once. */
  function settle(by: Person, pairings: readonly Pairing[]) {
    const signed = [...new Set(pairings.flatMap((pairing) => [pairing.offer, pairing.bid]))];
    return marketplace.connect(by.signer).settle(
      signed.map((each) => each.order),
      signed.map(({ signature }) => signature),
      pairings.map(({ offer: sold, bid: bought, energyWh, ...schedules }) => {
        const { firstBlock, words } = packProfile(energyWh);
        return {
          offer: signed.indexOf(sold),
          bid: signed.indexOf(bought),
          source: SOLAR,
          schedule: 0,
          bidSchedule: 0,
          firstBlock,
          energy: [...words],
          ...schedules,
        };
      }),
    );
  }

  /** Thousandths of a base unit. */
  const moneyOf = async ({ address }: { address: string }): Promise<bigint> =>
    (await marketplace.accountOf(addresses.euro, address)).balance;

  /** Wh of a slot of the tests' day. */
  async function whOf({ address }: Person, number: number, microgrid = 1): Promise<bigint> {
    const firstBlock = blockOf(slot(number));
    const words = await energy.profileOf(address, microgrid, SOLAR, firstBlock, 1);
    return unpackProfile({ firstBlock, words }).get(slot(number)) ?? 0n;
  }

  /** What a transaction says in the marketplace's own events of one name. */
  async function eventsOf(sent: Promise<Sent> | Sent, name: string) {
    const receipt = await (await sent).wait();
    return (receipt?.logs ?? []).flatMap(({ topics, data }) => {
      const event = marketplace.interface.parseLog({ topics: [...topics], data });
      return event?.name === name ? [event.args] : [];
    });
  }

  /** The positions that a transaction made, as {@link release} takes them. */
  const positionsOf = async (sent: Promise<Sent> | Sent) =>
    (await eventsOf(sent, "Reserved")).map(({ position }) => ({
      ...position.toObject(),
      energy: [...position.energy],
      ahead: [...position.ahead],
    }));

  /** The reasons with which a batch skipped matches, by name. */
  const skippedBy = async (sent: Promise<Sent> | Sent): Promise<string[]> =>
    (await eventsOf(sent, "Skipped")).map(({ reason }) => nameOf(reason));

  const nameOf = (selector: string): string =>
    (marketplace.interface.getError(selector) ?? meters.interface.getError(selector))?.name ??
    selector;

  const passTo = (time: number) => networkHelpers.time.increaseTo(time);

  await found();

  return {
    connection,
    ethers,
    provider,
    networkHelpers,
    microgrids,
    marketplace,
    meters,
    energy,
    euro,
    addresses,
    chainId,
    domain,
    charter,
    operator,
    dso,
    person,
    keyOf,
    found,
    join,
    meter,
    report,
    fund,
    order,
    sign,
    offer,
    bid,
    limitOffer,
    limitBid,
    take,
    accept,
    reserve,
    settle,
    moneyOf,
    whOf,
    eventsOf,
    positionsOf,
    skippedBy,
    nameOf,
    passTo,
    /** Lets chain time pass until the `count`-th slot after the start has ended. */
    passSlots: (count: number) => passTo(START + count * SLOT_SECONDS),
    close: () => connection.close(),
  };
}

/** What one signed offer gives one signed bid. */
export interface Pairing {
  readonly offer: SignedOrder;
  readonly bid: SignedOrder;
  readonly energyWh: EnergyBySlot;
  /** The contracts' number; solar unless given. */
  readonly source?: number;
  readonly schedule?: number;
  readonly bidSchedule?: number;
}

interface Sent {
  wait(): Promise<{ logs: readonly { topics: readonly string[]; data: string }[] } | null>;
}

/** A signature with these bytes behind it. */
export const appended = (signature: Hex, ...more: readonly Hex[]): Hex =>
  concat([signature, ...more]);
