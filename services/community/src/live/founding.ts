import { slotEnd } from "@wattline/sdk";
import type { Chain } from "../simulation/chain.ts";
import { fund, type Person, register } from "../simulation/community.ts";
import { type FoundingOptions, foundSimulation } from "../simulation/opening.ts";
import type { Simulation } from "../simulation/simulation.ts";
import {
  FEED_IN_PER_KWH,
  RETAIL_PER_KWH,
  SEEDED_SLOTS,
  SLOT_SECONDS,
  START_SLOT,
} from "./start.ts";
import { type Participants, playedByHand, type Town } from "./towns.ts";

/** What a home has in escrow at first, and the DSO, in base units. */
const HOME_FUNDING = 100_000_000n;
const DSO_FUNDING = 2_000_000_000n;
/** A thousand Test Euros in the wallet of who acts by hand. */
const WALLET_MONEY = 1_000_000_000n;
/** More than an agent spends in a year. */
const ALLOWANCE = 1_000_000_000_000n;
const A_YEAR = 365 * 86_400;
/** Homes whose accounts are opened at a time. */
const OPENED_TOGETHER = 20;
/** Of the grid's meter. */
const RETAILER_CAPACITY_W = 1_000_000;

/**
 * Deploys Wattline and founds the towns: microgrids, meters, accounts with money, agents' keys allowed to trade. Homes that
 * people act for by hand have an agent for the first day only.
 */
export async function foundTowns(
  chain: Chain,
  participants: Participants,
  signal: AbortSignal,
): Promise<Simulation> {
  const simulation = await foundSimulation(chain, foundingOptions(participants), signal);
  const { wattline, communities } = simulation;
  await chain.walletAt(participants.payer);
  const openUntil = slotEnd(START_SLOT + SEEDED_SLOTS, SLOT_SECONDS);
  const byHand = playedByHand(participants.towns);
  for (const [index, { dso, households, operator }] of communities.entries()) {
    const town = participants.towns[index];
    if (town === undefined) throw new Error(`Microgrid ${index + 1} is no town.`);
    await settleRetailer(simulation, operator, town);
    await fund(wattline, dso, DSO_FUNDING);
    const open = async (who: Person, home: number) => {
      await fund(wattline, who, HOME_FUNDING);
      const townHome = town.homes[home];
      if (townHome === undefined) throw new Error(`${who.name} is no home of ${town.name}.`);
      const until = byHand.includes(townHome) ? openUntil : openUntil + A_YEAR;
      const { address: delegate } = townHome.delegate;
      await wattline.send(who.address, (o) =>
        wattline.marketplace
          .connect(who.signer)
          .authorize(wattline.addresses.euro, delegate, ALLOWANCE, until, o),
      );
    };
    for (let first = 0; first < households.length; first += OPENED_TOGETHER) {
      signal.throwIfAborted();
      const together = households.slice(first, first + OPENED_TOGETHER);
      await Promise.all(together.map((who, index) => open(who, first + index)));
    }
  }
  for (const { account } of byHand) {
    const { address, signer } = await chain.walletAt(account);
    await wattline.send(address, (o) =>
      wattline.euro.connect(signer).mint(address, WALLET_MONEY, o),
    );
  }
  return simulation;
}

/** The retailer's meter, for the grid's energy. */
async function settleRetailer(
  { wattline }: Simulation,
  operator: Person,
  { microgrid, retailer: { account, device } }: Town,
): Promise<void> {
  await wattline.chain.walletAt(account);
  const { address } = account;
  const meter = { address, device };
  await register(wattline, operator, microgrid, meter, "Grid", RETAILER_CAPACITY_W, false);
}

function foundingOptions({ towns }: Participants): FoundingOptions {
  const [first, ...more] = towns.map(({ seasons }) => seasons.part(START_SLOT, SEEDED_SLOTS));
  if (first === undefined) throw new Error("There is no town.");
  return {
    communities: [first, ...more],
    tariffs: {
      feedInPerKwh: FEED_IN_PER_KWH,
      retailPerKwh: new Array<bigint>(SEEDED_SLOTS).fill(RETAIL_PER_KWH),
    },
    // So that a household without ether can deposit.
    money: "TestEuro3009",
  };
}
