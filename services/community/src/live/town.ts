import { keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type Community, fund, type Household, register } from "../simulation/community.ts";
import type { Stage } from "../simulation/stage.ts";
import type { Tariffs } from "../simulation/tariffs.ts";
import type { Taker } from "../simulation/trading.ts";
import type { Book } from "./book.ts";
import type { Complaints } from "./complaints.ts";
import type { Inbox } from "./inbox.ts";
import type { Seasons } from "./seasons.ts";

/** A microgrid that goes on living. */
export interface Town {
  readonly community: Community;
  readonly seasons: Seasons;
  /** Sells energy of the grid at the retail tariff. */
  readonly retailer: Taker;
}

/** What the living share. */
export interface World {
  readonly stage: Stage;
  readonly towns: readonly Town[];
  readonly tariffs: Tariffs;
  readonly book: Book;
  readonly inbox: Inbox;
  readonly complaints: Complaints;
  /** Homes that somebody in front of a browser acts for: their meters measure, and that is all. */
  readonly byHand: ReadonlySet<Household>;
  /** The first slot after what was played before. */
  readonly firstSlot: number;
}

/** A home, and its place among its neighbours. */
export interface Home {
  readonly who: Household;
  readonly index: number;
}

const RETAILER_CAPACITY_W = 1_000_000;
const PURSE = 50_000_000n;
const PURSE_LOW = 10_000_000n;

/** The homes that act by themselves. */
export const selfActing = ({ byHand }: World, { community }: Town): Home[] =>
  community.households.map((who, index) => ({ who, index })).filter(({ who }) => !byHand.has(who));

/** A retailer settles in a town, with a meter for what it feeds in from the grid. */
export async function settleRetailer(
  { wattline }: Stage,
  { microgrid, operator, series }: Community,
  account: number,
): Promise<Taker> {
  const wallet = await wattline.chain.wallet(account);
  const device = privateKeyToAccount(
    keccak256(toHex(`wattline meter of the grid in ${series.name}`)),
  );
  const retailer = { name: "retailer", ...wallet, device };
  await register(wattline, operator, microgrid, retailer, "Grid", RETAILER_CAPACITY_W, false);
  return retailer;
}

/** Fills somebody's account at the marketplace up when little is left of it. */
export async function keepFunded(
  { stage: { wattline } }: World,
  who: Parameters<typeof fund>[1],
  times = 1n,
): Promise<void> {
  const { balance } = await wattline.marketplace.accountOf(wattline.addresses.euro, who.address);
  if (balance < PURSE_LOW * times) await fund(wattline, who, PURSE * times);
}
