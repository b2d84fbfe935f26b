import {
  DIRECTORY_TYPES,
  type Domain,
  LISTING_TYPES,
  type Listing,
  marketDomain,
  type SignedDirectory,
} from "@wattline/sdk";
import type { PrivateKeyAccount } from "viem/accounts";
import { SHELTER } from "../profiles/homes.ts";
import type { PlayOptions } from "./play.ts";
import type { Town } from "./towns.ts";

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

/** Publishes a directory of names for each town: everybody agrees, and the operator signs. */
export async function publishDirectories({
  towns,
  places: { chainId, marketplace },
  relay,
  failures,
}: Pick<PlayOptions, "towns" | "places" | "relay" | "failures">): Promise<void> {
  const domain = marketDomain(chainId, marketplace);
  for (const [index, town] of towns.entries()) {
    await failures.attempt("publishing a directory of names", async () => {
      const people = peopleOf(town, index > 0);
      await relay.publishDirectory(await signDirectory(domain, town, people));
    });
  }
}

function peopleOf({ homes, operator, dso, retailer, name: place }: Town, usesPseudonyms: boolean) {
  const pseudonyms = PSEUDONYMS.split(" ");
  const people = homes.map(({ account: { account }, name }, index): Person => {
    const pseudonym = pseudonyms[index];
    return usesPseudonyms && name !== SHELTER && pseudonym !== undefined
      ? { account, name: pseudonym, street: "" }
      : { account, name, street: usesPseudonyms ? "" : `${STREET} ${index + 1}` };
  });
  return [
    ...people,
    { account: operator.account, name: `Energy community ${place}`, street: "" },
    { account: dso.account, name: `Grid operator ${place}`, street: "" },
    { account: retailer.account.account, name: `Retailer ${place}`, street: "" },
  ];
}

async function signDirectory(
  domain: Domain,
  { microgrid, operator }: Town,
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
