import type { Deployment } from "@wattline/sdk";
import { type Address, keccak256, toHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import {
  accountsOf,
  DSO,
  delegateKey,
  deviceKey,
  FIRST_HOUSEHOLD,
  type LocalAccount,
  localAccount,
  OPERATOR,
} from "../simulation/accounts.ts";
import { Seasons } from "./seasons.ts";
import { TOWNS } from "./start.ts";

/** Every so many homes with a roof have a battery. */
const BATTERY_EVERY = 2;

/** A home of a town. */
export interface TownHome {
  readonly name: string;
  /** In its town. */
  readonly index: number;
  readonly account: LocalAccount;
  readonly device: PrivateKeyAccount;
  /** The key of its agent. */
  readonly delegate: PrivateKeyAccount;
  readonly capacityW: number;
  /** Whether it has a battery, which its agent steers. */
  readonly hasBattery: boolean;
}

/** What the meters of homes count, in Wh; homes by their index. */
export type Metering = Pick<Seasons, "exportedWh" | "importedWh">;

/** Homes that trade with one another. */
export interface Street {
  readonly microgrid: number;
  readonly name: string;
  readonly metering: Metering;
  readonly homes: readonly TownHome[];
}

/** A town with its homes, its grid and its weather. */
export interface Town extends Street {
  readonly seasons: Seasons;
  readonly operator: LocalAccount;
  readonly dso: LocalAccount;
  readonly retailer: { readonly account: LocalAccount; readonly device: PrivateKeyAccount };
}

/** All who take part: the same for who founds the towns and for who plays them. */
export interface Participants {
  readonly towns: readonly Town[];
  /** Its account sends batches and releases. */
  readonly auctioneer: LocalAccount;
  /** Pays for the homes' reports. */
  readonly payer: LocalAccount;
}

/** What makes a town: its weather and how many homes it has. */
export interface TownTerms {
  readonly name: string;
  readonly seed: number;
  readonly from: string;
  readonly households?: number;
}

/** The towns, those of `npm start` unless others are given, and everybody's accounts on the local chain. */
export function participantsOf(terms: readonly TownTerms[] = TOWNS): Participants {
  const all = terms.map(
    ({ name, seed, from, households }) => new Seasons(seed, name, from, households),
  );
  const { firsts, free } = accountsOf(all.map(({ homes }) => homes.length));
  const towns = all.map((seasons, town): Town => {
    const first = firsts[town] ?? free;
    const { name } = seasons;
    return {
      microgrid: town + 1,
      name,
      seasons,
      metering: seasons,
      operator: localAccount(first + OPERATOR),
      dso: localAccount(first + DSO),
      retailer: { account: localAccount(free + 1 + town), device: gridKey(name) },
      homes: seasons.homes.map((home, index) => ({
        name: home.name,
        index,
        account: localAccount(first + FIRST_HOUSEHOLD + index),
        device: deviceKey(name, home.name),
        delegate: delegateKey(name, home.name),
        capacityW: home.capacityW,
        hasBattery: home.capacityW > 0 && index % BATTERY_EVERY === BATTERY_EVERY - 1,
      })),
    };
  });
  return {
    towns,
    auctioneer: localAccount(free),
    payer: localAccount(free + 1 + towns.length),
  };
}

/** Jane, who has a roof, and the first neighbour without one: a person in a browser acts for them. */
export function playedByHand([town]: readonly Town[]): readonly [TownHome, TownHome] {
  const jane = town?.homes.find(({ capacityW }) => capacityW > 0);
  const neighbour = town?.homes.find(({ capacityW }) => capacityW === 0);
  if (jane === undefined || neighbour === undefined) {
    throw new Error("A town needs a home with a roof and one without.");
  }
  return [jane, neighbour];
}

const gridKey = (town: string): PrivateKeyAccount =>
  privateKeyToAccount(keccak256(toHex(`wattline meter of the grid in ${town}`)));

/** Where the contracts are, and the currency. */
export interface Places extends Deployment {
  readonly euro: Address;
}
