import { millisOf } from "@wattline/sdk";
import { keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type Community, fund, type Household, register } from "../simulation/community.ts";
import type { Simulation } from "../simulation/simulation.ts";
import type { Tariffs } from "../simulation/tariffs.ts";
import type { Taker } from "../simulation/trading.ts";
import type { FailureLog } from "./failureLog.ts";
import type { OrderBook } from "./orderBook.ts";
import type { Seasons } from "./seasons.ts";
import type { WaitingReadings } from "./waitingReadings.ts";

/** A community that keeps trading. */
export interface LiveCommunity {
  readonly community: Community;
  readonly seasons: Seasons;
  readonly retailer: Retailer;
}

/** Sells the grid's energy at the retail tariff. */
export interface Retailer extends Taker {
  /** The first slot that its meter may report: the one after its registration. */
  readonly firstSlot: number;
}

/** What all live communities share. */
export interface LiveContext {
  readonly simulation: Simulation;
  readonly communities: readonly LiveCommunity[];
  readonly tariffs: Tariffs;
  readonly orderBook: OrderBook;
  readonly waitingReadings: WaitingReadings;
  readonly failures: FailureLog;
  /** Homes that a person acts for in a browser: their meters measure, and nothing else is automatic. */
  readonly byHand: ReadonlySet<Household>;
  /** The first slot after the played day. */
  readonly firstSlot: number;
}

/** A home and its index in its community. */
export interface Home {
  readonly who: Household;
  readonly index: number;
}

const RETAILER_CAPACITY_W = 1_000_000;
const FUNDING = 50_000_000n;
const LEAST_BALANCE_MILLIS = millisOf(10_000_000n);

/** The homes that trade automatically. */
export const selfActing = ({ byHand }: LiveContext, { community }: LiveCommunity): Home[] =>
  community.households.map((who, index) => ({ who, index })).filter(({ who }) => !byHand.has(who));

/** Adds a retailer to a microgrid, with a meter for the grid's energy. */
export async function settleRetailer(
  { wattline }: Simulation,
  { microgrid, operator, series }: Community,
  account: number,
): Promise<Retailer> {
  const wallet = await wattline.chain.wallet(account);
  const device = privateKeyToAccount(
    keccak256(toHex(`wattline meter of the grid in ${series.name}`)),
  );
  const retailer = { name: "retailer", ...wallet, device };
  await register(wattline, operator, microgrid, retailer, "Grid", RETAILER_CAPACITY_W, false);
  const { firstSlot } = await wattline.meters.meterOf(device.address);
  return { ...retailer, firstSlot: Number(firstSlot) };
}

/** Refills an account at the marketplace when its balance is low. */
export async function keepFunded(
  { simulation: { wattline } }: LiveContext,
  who: Parameters<typeof fund>[1],
  times = 1n,
): Promise<void> {
  const { balance } = await wattline.marketplace.accountOf(wattline.addresses.euro, who.address);
  if (balance < LEAST_BALANCE_MILLIS * times) await fund(wattline, who, FUNDING * times);
}
