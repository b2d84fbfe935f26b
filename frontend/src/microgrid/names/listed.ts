import type { Listing } from "@wattline/sdk";
import { type Address, isAddressEqual } from "viem";
import type { Household } from "../members/households.ts";
import { isSame, NO_WORDS, tidy, type Words } from "./words.ts";

/** A household as the operator puts the directory together. */
export interface Entry extends Household {
  /** As it is listed now. */
  readonly present: Listing | undefined;
  /** What is typed. */
  readonly words: Words;
  /** What it has signed of just these words. */
  readonly agreed: Listing | undefined;
}

export const listingOf = (listings: readonly Listing[], of: Address): Listing | undefined =>
  listings.find(({ account }) => isAddressEqual(account, of));

/**
 * The households that are or may be listed.
 * @param present The directory as it is.
 * @param brought What households have agreed to since.
 * @param typed What the operator has typed, by account.
 */
export function entriesOf(
  households: readonly Household[],
  present: readonly Listing[],
  brought: readonly Listing[],
  typed: ReadonlyMap<Address, Words>,
): readonly Entry[] {
  // Who has no meter any more stays listed until it is taken out.
  const gone = present.filter(
    ({ account }) => !households.some(({ owner }) => isAddressEqual(owner, account)),
  );
  const all = [...households, ...gone.map(({ account }) => ({ owner: account, meters: [] }))];
  return all.map((household) => {
    const now = listingOf(present, household.owner);
    const newest = listingOf(brought, household.owner);
    const words = typed.get(household.owner) ?? newest ?? now ?? NO_WORDS;
    const agreed = [now, newest].find((one) => one !== undefined && isSame(one, tidy(words)));
    return { ...household, present: now, words, agreed };
  });
}

/** Whether a household is yet to agree to what is typed. */
export const isToAgree = ({ words, agreed }: Entry): boolean =>
  tidy(words).name !== "" && agreed === undefined;

/** What is to be published: what households have agreed to, and until then what is listed of them now. */
export const listingsOf = (entries: readonly Entry[]): readonly Listing[] =>
  entries.flatMap(({ words, agreed, present }) =>
    tidy(words).name === "" ? [] : (agreed ?? present ?? []),
  );

/** Whether two sets of listings say the same. */
export const isSameDirectory = (a: readonly Listing[], b: readonly Listing[]): boolean =>
  a.length === b.length &&
  a.every((one) => {
    const other = listingOf(b, one.account);
    return other !== undefined && isSame(one, other);
  });

/** Names that more than one is to be called, in lower case. */
export function namesTaken(listings: readonly Words[]): ReadonlySet<string> {
  const names = listings.map(({ name }) => name.toLocaleLowerCase("en"));
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}
