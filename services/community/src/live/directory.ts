import { RelayClient } from "@wattline/relay";
import {
  DIRECTORY_TYPES,
  type Domain,
  LISTING_TYPES,
  type Listing,
  marketDomain,
  type SignedDirectory,
} from "@wattline/sdk";
import type { PrivateKeyAccount } from "viem/accounts";
import type { LiveCommunity, LiveContext } from "./liveCommunity.ts";

/** A household that goes by its name, or by another one. */
interface Person {
  readonly account: PrivateKeyAccount;
  readonly name: string;
  readonly street: string;
}

/** In the second community people go by pseudonyms, and say no street. */
const PSEUDONYMS =
  "Amsel Biene Dachs Eibe Falter Ginster Hummel Igel Kranich Linde Marder Nelke Otter Pirol Rabe";
const STREET = "Am Mühlbach";

/** Publishes a directory of names for each community: everybody agrees, and the operator signs. */
export async function publishDirectories(context: LiveContext, relayUrl: string): Promise<void> {
  const { simulation, communities, failures } = context;
  const { chainId, addresses } = simulation.wattline;
  const domain = marketDomain(chainId, addresses.marketplace);
  const relay = new RelayClient(relayUrl);
  for (const [index, live] of communities.entries()) {
    await failures.attempt("publishing a directory of names", async () => {
      const people = peopleOf(live, index > 0);
      await relay.publishDirectory(await signDirectory(domain, live, people));
    });
  }
}

function peopleOf({ community, retailer }: LiveCommunity, usesPseudonyms: boolean): Person[] {
  const { households, operator, dso, series } = community;
  const pseudonyms = PSEUDONYMS.split(" ");
  const homes = households.map(({ account, name, critical }, index): Person => {
    const pseudonym = pseudonyms[index];
    return usesPseudonyms && !critical && pseudonym !== undefined
      ? { account, name: pseudonym, street: "" }
      : { account, name, street: usesPseudonyms ? "" : `${STREET} ${index + 1}` };
  });
  const place = series.name;
  return [
    ...homes,
    { account: operator.account, name: `Energy community ${place}`, street: "" },
    { account: dso.account, name: `Grid operator ${place}`, street: "" },
    { account: retailer.account, name: `Retailer ${place}`, street: "" },
  ];
}

async function signDirectory(
  domain: Domain,
  { community: { microgrid, operator } }: LiveCommunity,
  people: readonly Person[],
): Promise<SignedDirectory> {
  const listings = await Promise.all(
    people.map(async ({ account, name, street }): Promise<Listing> => {
      const listing = { account: account.address, name, street };
      const consent = await account.signTypedData({
        domain,
        types: LISTING_TYPES,
        primaryType: "Listing",
        message: { microgrid, ...listing },
      });
      return { ...listing, consent };
    }),
  );
  const directory = { microgrid, version: 1, listings };
  const signature = await operator.account.signTypedData({
    domain,
    types: DIRECTORY_TYPES,
    primaryType: "Directory",
    message: directory,
  });
  return { directory, signature };
}
