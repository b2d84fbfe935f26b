import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import {
  ANY_SOURCE,
  blockOf,
  type EnergyBySlot,
  marketDomain,
  metersDomain,
  ORDER_TYPES,
  type Order,
  packProfile,
  packReading,
  READING_TYPES,
  REGISTRATION_TYPES,
  type Source,
  sourceIndex,
} from "@wattline/sdk";
import { network } from "hardhat";
import { type Address, custom, getAddress, type Hex, keccak256, toHex, zeroAddress } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { deployContract, deployWattline } from "../../ignition/deployLocally.ts";

/** A fresh in-process chain with Wattline on it, a currency, and the hands to do things with them. */
export type World = Awaited<ReturnType<typeof createWorld>>;

/** An account that sends transactions and signs typed data. */
export interface Person {
  readonly name: string;
  readonly address: Address;
  readonly signer: HardhatEthersSigner;
}

/** One of a person's meters, with its device key. */
export interface MeterOf {
  readonly device: PrivateKeyAccount;
  readonly owner: Person;
  readonly microgrid: number;
}

export const SLOT_SECONDS = 900;
/** A Monday at midnight UTC, the start of a block: tests count their slots from here. */
export const START = Date.UTC(2027, 5, 7) / 1000;
export const START_SLOT = START / SLOT_SECONDS;
export const EURO = 1_000_000n;

/** Runs the day's first `count` slots with `wh` in each. */
export const slots = (first: number, count: number, wh: bigint): Map<number, bigint> =>
  new Map(Array.from({ length: count }, (_, i) => [START_SLOT + first + i, wh]));

/** Deploys everything on a chain of its own whose clock stands at {@link START}. */
export async function createWorld() {
  const connection = await network.create({
    network: "default",
    override: { initialDate: new Date((START - 3600) * 1000) },
  });
  const { ethers, provider, networkHelpers } = connection;
  const { chainId, ...deployed } = await deployWattline(custom(provider));
  const addresses = {
    market: deployed.marketplace,
    meters: deployed.meters,
    euro: await deployContract(custom(provider), "test/TestEuro"),
  };
  const contracts = {
    marketplace: await ethers.getContractAt("Marketplace", addresses.market),
    meters: await ethers.getContractAt("Meters", addresses.meters),
    energy: await ethers.getContractAt("EnergyToken", deployed.energy),
  };
  const euro = await ethers.getContractAt("TestEuro", addresses.euro);
  const signers = await ethers.getSigners();
  let usedSigners = 0;
  let usedDevices = 0;

  function person(name: string): Person {
    const signer = signers[usedSigners++];
    if (signer === undefined) throw new Error(`No account is left for ${name}.`);
    return { name, address: getAddress(signer.address), signer };
  }

  const operator = person("operator");
  const dso = person("dso");

  const charter = {
    name: "Sunny Lane",
    latitudeTenths: 484,
    longitudeTenths: 100,
    currency: addresses.euro,
    slotSeconds: SLOT_SECONDS,
    reportingDeadline: 86_400,
  };
  const tariffs = {
    feedIn: 80_000n,
    retail: 320_000n,
    networkFee: 0n,
    islandPriceCap: 250_000n,
    islandRation: 250,
  };

  /** Founds a microgrid run by `operator` and returns its number. */
  async function found(overrides: { charter?: object; tariffs?: object } = {}): Promise<number> {
    await contracts.meters
      .connect(operator.signer)
      .found(
        { ...charter, ...overrides.charter },
        { ...tariffs, ...overrides.tariffs },
        dso.address,
      );
    return Number(await contracts.meters.microgridCount());
  }

  const newDevice = (): PrivateKeyAccount =>
    privateKeyToAccount(keccak256(toHex(`device ${usedDevices++}`)));

  const consentOf = (device: PrivateKeyAccount, microgrid: number, owner: Address): Promise<Hex> =>
    device.signTypedData({
      domain: metersDomain(chainId, addresses.meters),
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: { microgrid, owner },
    });

  /** Registers a new meter for `owner`. */
  async function meter(
    owner: Person,
    options: { microgrid?: number; source?: Source; capacityW?: number; critical?: boolean } = {},
  ): Promise<MeterOf> {
    const { microgrid = 1, source = "Solar", capacityW = 10_000, critical = false } = options;
    const device = newDevice();
    await contracts.meters
      .connect(operator.signer)
      .register(
        microgrid,
        owner.address,
        device.address,
        sourceIndex(source),
        capacityW,
        critical,
        await consentOf(device, microgrid, owner.address),
      );
    return { device, owner, microgrid };
  }

  /** A reading of `meter`, signed by its device key or by `signer`. */
  async function reading(of: MeterOf, exportedWh: EnergyBySlot, signer = of.device) {
    const { firstBlock, words } = packReading(exportedWh);
    const message = { meter: of.device.address, firstBlock, exported: [...words] };
    const signature = await signer.signTypedData({
      domain: metersDomain(chainId, addresses.meters),
      types: READING_TYPES,
      primaryType: "Reading",
      message: { ...message },
    });
    return { message, signature };
  }

  /** Reports what `meter` exported; the clock must have passed the slots. */
  async function report(of: MeterOf, exportedWh: EnergyBySlot) {
    const { message, signature } = await reading(of, exportedWh);
    return contracts.meters.connect(of.owner.signer).report(message, signature);
  }

  /** Puts money into `holder`'s escrow. */
  async function fund(holder: Person, amount: bigint): Promise<void> {
    await euro.mint(holder.address, amount);
    await euro.connect(holder.signer).approve(addresses.market, amount);
    await contracts.marketplace.connect(holder.signer).deposit(addresses.euro, amount);
  }

  let nonces = 0n;

  /** An order of the meter's owner, good for the first day unless told otherwise. */
  function order(of: MeterOf, overrides: Partial<Order> = {}): Order {
    return {
      maker: of.owner.address,
      meter: of.device.address,
      microgrid: of.microgrid,
      side: 0,
      sources: ANY_SOURCE,
      firstSlot: START_SLOT,
      lastSlot: START_SLOT + 95,
      energy: 1_000_000,
      price: 200_000n,
      forward: false,
      bond: 0n,
      counterparty: zeroAddress,
      nonce: nonces++,
      counter: 0n,
      deadline: START + 30 * 86_400,
      ...overrides,
    };
  }

  /** The maker's signature over `order`, or `signer`'s. */
  async function sign(signed: Order, signer: Person): Promise<Hex> {
    const signature = await signer.signer.signTypedData(
      marketDomain(chainId, addresses.market),
      { Order: [...ORDER_TYPES.Order] },
      signed,
    );
    return signature as Hex;
  }

  /** What a taker takes: a profile of one source, at any price, within microgrid 1. */
  function take(
    energyWh: EnergyBySlot,
    overrides: { source?: Source; limit?: bigint; microgrid?: number; meter?: Address } = {},
  ) {
    const { firstBlock, words } = packProfile(energyWh);
    return {
      microgrid: overrides.microgrid ?? 1,
      meter: overrides.meter ?? zeroAddress,
      source: sourceIndex(overrides.source ?? "Solar"),
      firstBlock,
      energy: [...words],
      limit: overrides.limit ?? 2n ** 255n,
    };
  }

  await networkHelpers.time.increaseTo(START);

  return {
    connection,
    ethers,
    networkHelpers,
    ...contracts,
    euro,
    addresses,
    chainId,
    operator,
    dso,
    charter,
    tariffs,
    person,
    found,
    newDevice,
    consentOf,
    meter,
    reading,
    report,
    fund,
    order,
    sign,
    take,
    /** Lets chain time pass until the `count`-th slot after the start has ended. */
    passSlots: (count: number) => networkHelpers.time.increaseTo(START + count * SLOT_SECONDS),
    close: () => connection.close(),
  };
}

/** The block in which the tests' `slot`-th slot lies. */
export const testBlock = (slot: number): number => blockOf(START_SLOT + slot);
