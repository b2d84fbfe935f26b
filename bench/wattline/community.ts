import {
  ANY_SOURCE,
  EMPTY_ORDER,
  type EnergyBySlot,
  LANES,
  marketDomain,
  metersDomain,
  ORDER_TYPES,
  type Order,
  packProfile,
  packReading,
  READING_TYPES,
  REGISTRATION_TYPES,
  sourceIndex,
} from "@wattline/sdk";
import hre from "hardhat";
import { type Address, custom, maxUint256, zeroAddress } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { deployWattline } from "../../ignition/deployLocally.ts";
import {
  accountOf,
  type Call,
  type Chain,
  type Contract,
  callOf,
  GENESIS,
} from "../chain/chain.ts";
import { BenchFailure } from "../failure.ts";

/** Wattline on a chain, with one microgrid and functions to act on it. */
export type Community = Awaited<ReturnType<typeof openCommunity>>;

/** A household and its meter. */
export interface Household {
  readonly account: PrivateKeyAccount;
  readonly address: Address;
  readonly device: PrivateKeyAccount;
}

const SLOT_SECONDS = 900;
export const MICROGRID = 1;
export const SOLAR = sourceIndex("Solar");

/** Flags of reported slots are in words of 256 slots: the measured ones start a block into such a word. */
const GROUP_SLOT = Math.ceil(GENESIS / SLOT_SECONDS / 256) * 256;
export const FIRST_SLOT = GROUP_SLOT + LANES;
/** When every traded slot has ended. */
const AFTERWARDS = (FIRST_SLOT + 96) * SLOT_SECONDS;
const DEADLINE = AFTERWARDS + 30 * 86_400;

/** Wh that a household sells per slot. */
export const WH = 250n;
/** Much more than is ever sold. */
const STOCK_WH = 2_000n;
/** Base units (millionths) per kWh. */
const PRICE = 200_000n;
const RATION_WH = 250;
/** A lane holds no more. */
const ANY_AHEAD_WH = 2 ** 31 - 1;
export const MONEY = 100_000_000n;

/** `wh` in each of the first `count` slots. */
export const energyIn = (count: number, wh = WH): Map<number, bigint> =>
  new Map(Array.from({ length: count }, (_, i) => [FIRST_SLOT + i, wh]));

export async function openCommunity(chain: Chain) {
  const deployed = await deployWattline(custom(chain.connection.provider));
  const at = async (name: string, address: Address): Promise<Contract> => ({
    address,
    abi: (await artifactOf(name)).abi,
  });
  const market = await at("Marketplace", deployed.marketplace);
  const meters = await at("Meters", deployed.meters);
  const microgrids = await at("Microgrids", deployed.microgrids);
  const energy = await at("EnergyToken", deployed.energy);
  const euro = await chain.deploy(await artifactOf("TestEuro"));

  const operator = accountOf("operator").address;
  const dso = accountOf("dso").address;
  const charter = {
    name: "Sunny Lane",
    latitudeTenths: 484,
    longitudeTenths: 100,
    currency: euro.address,
    slotSeconds: SLOT_SECONDS,
    reportingDeadline: 86_400,
    utcOffsetMinutes: 60,
  };
  // Peers charge no fee either. The community price is the middle: what offers and bids ask here, too.
  const level = { price: PRICE, fee: 0n, cap: 250_000n, feedIn: 80_000n, retail: 320_000n };
  const founding = [charter, 0n, [level], dso, RATION_WH];
  await chain.send(callOf(operator, microgrids, "found", founding));

  /** A household with a meter; `meter` names another one of its meters. */
  async function household(name: string, meter = "roof"): Promise<Household> {
    const account = accountOf(name);
    const device = accountOf(`${name}'s ${meter}`);
    const consented = {
      microgrid: MICROGRID,
      owner: account.address,
      meter: device.address,
      source: SOLAR,
      capacityW: 10_000,
    };
    const consent = await device.signTypedData({
      domain: metersDomain(chain.chainId, meters.address),
      types: REGISTRATION_TYPES,
      primaryType: "Registration",
      message: consented,
    });
    const registration = { ...consented, critical: false };
    await chain.send(callOf(operator, meters, "register", [registration, consent]));
    return { account, address: account.address, device };
  }

  /** The report of a meter's export. Later meters can't report these slots: they were registered too late. */
  async function report(of: Household, exportedWh: EnergyBySlot): Promise<Call> {
    chain.passTo(AFTERWARDS);
    const { firstBlock, words } = packReading(exportedWh);
    const reading = { meter: of.device.address, firstBlock, exported: [...words] };
    const signature = await of.device.signTypedData({
      domain: metersDomain(chain.chainId, meters.address),
      types: READING_TYPES,
      primaryType: "Reading",
      message: reading,
    });
    return callOf(of.address, meters, "report", [reading, signature]);
  }

  /** Lets a household's meter report more than enough in the first `count` slots. */
  async function stock(home: Household, count: number): Promise<void> {
    await chain.send(await report(home, energyIn(count, STOCK_WH)));
  }

  /** A household with energy to sell. */
  async function prosumer(name: string, count: number): Promise<Household> {
    const home = await household(name);
    await stock(home, count);
    return home;
  }

  /** Gives a household money in its wallet, approved for the marketplace. */
  async function endow({ address }: Household): Promise<void> {
    await chain.send(callOf(address, euro, "mint", [address, 10n * MONEY]));
    await chain.send(callOf(address, euro, "approve", [market.address, maxUint256]));
  }

  const deposit = ({ address }: Household): Call =>
    callOf(address, market, "deposit", [euro.address, MONEY]);

  /** A household with money in escrow. */
  async function consumer(name: string): Promise<Household> {
    const home = await household(name);
    await endow(home);
    await chain.send(deposit(home));
    return home;
  }

  /** An order of a household for the first `count` slots, and its signature. */
  async function sign(maker: Household, count: number, overrides: Partial<Order>) {
    const order: Order = {
      ...EMPTY_ORDER,
      maker: maker.address,
      meter: maker.device.address,
      microgrid: MICROGRID,
      sources: ANY_SOURCE,
      firstSlot: FIRST_SLOT,
      lastSlot: FIRST_SLOT + count - 1,
      energy: count * Number(WH),
      price: PRICE,
      deadline: DEADLINE,
      ...overrides,
    };
    const signature = await maker.account.signTypedData({
      domain: marketDomain(chain.chainId, market.address),
      types: ORDER_TYPES,
      primaryType: "Order",
      message: { ...order },
    });
    return { order, signature };
  }

  /** What a taker takes: all of the first `count` slots, at any price, and all of it or nothing. */
  function take(count: number, limit: bigint) {
    const { firstBlock, words } = packProfile(energyIn(count));
    return {
      microgrid: MICROGRID,
      meter: zeroAddress,
      source: SOLAR,
      schedule: 0,
      takerSchedule: 0,
      firstBlock,
      energy: [...words],
      leastWh: count * Number(WH),
      limit,
      mostAhead: ANY_AHEAD_WH,
    };
  }

  return {
    chain,
    market,
    meters,
    energy,
    euro,
    household,
    report,
    stock,
    prosumer,
    endow,
    deposit,
    consumer,
    sign,
    take,
  };
}

async function artifactOf(name: string) {
  const { abi, bytecode } = await hre.artifacts.readArtifact(name).catch(() => {
    throw new BenchFailure(`The artifact of ${name} is missing: run npm run build.`);
  });
  if (!bytecode.startsWith("0x")) throw new BenchFailure(`The artifact of ${name} has no code.`);
  return { abi, bytecode: `0x${bytecode.slice(2)}` as const };
}
