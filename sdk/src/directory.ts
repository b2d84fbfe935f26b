import { type Address, type Hex, hashStruct, isAddressEqual } from "viem";
import { digestOf } from "./bulk.ts";
import type { Domain } from "./typedData.ts";

/** How a household has agreed to be called in its microgrid. */
export interface Listing {
  readonly account: Address;
  /** A name or a pseudonym. */
  readonly name: string;
  /** Empty when the household gives none. */
  readonly street: string;
  /** The household's signature of {@link LISTING_TYPES}: nobody is listed without having agreed to these very words. */
  readonly consent: Hex;
}

/** The names of a microgrid's people. */
export interface Directory {
  readonly microgrid: number;
  /** Grows with every directory that the operator signs: of two, the one with the larger version holds. */
  readonly version: number;
  readonly listings: readonly Listing[];
}

/** A directory with the signature of its microgrid's operator. It is JSON as it is. */
export interface SignedDirectory {
  readonly directory: Directory;
  readonly signature: Hex;
}

const LISTING = [
  { name: "account", type: "address" },
  { name: "name", type: "string" },
  { name: "street", type: "string" },
] as const;

/** What a household signs to be listed. No contract knows it. */
export const LISTING_TYPES = {
  Listing: [{ name: "microgrid", type: "uint32" }, ...LISTING],
} as const;

/** What the operator signs. No contract knows it. */
export const DIRECTORY_TYPES = {
  Directory: [
    { name: "microgrid", type: "uint32" },
    { name: "version", type: "uint32" },
    { name: "listings", type: "DirectoryListing[]" },
  ],
  DirectoryListing: [...LISTING, { name: "consent", type: "bytes" }],
} as const;

/** The most of a directory: what a relay stores, and a page reads at once. */
export const MOST_LISTINGS = 1_000;
export const LONGEST_NAME = 40;
export const LONGEST_STREET = 80;
const LARGEST_VERSION = 2 ** 32 - 1;

/** The digest that the household signs, in the marketplace's domain. */
export const hashListing = (
  domain: Domain,
  microgrid: number,
  { account, name, street }: Omit<Listing, "consent">,
): Hex =>
  digestOf(
    domain,
    hashStruct({
      data: { microgrid, account, name, street },
      primaryType: "Listing",
      types: LISTING_TYPES,
    }),
  );

/** The digest that the operator signs, in the marketplace's domain. */
export const hashDirectory = (domain: Domain, { microgrid, version, listings }: Directory): Hex =>
  digestOf(
    domain,
    hashStruct({
      data: { microgrid, version, listings: [...listings] },
      primaryType: "Directory",
      types: DIRECTORY_TYPES,
    }),
  );

/** A rule that a directory breaks. */
export interface DirectoryFault {
  /** The member at fault, as in `listings.3.name`. */
  readonly path: string;
  readonly message: string;
}

/**
 * What of a directory is wrong in itself, whoever has signed it. A name must be readable as one line, must not look like an
 * address, and must be nobody else's, so that it can't be taken for another.
 */
export function directoryFaults({ version, listings }: Directory): DirectoryFault[] {
  const faults: DirectoryFault[] = [];
  if (!Number.isInteger(version) || version < 1 || version > LARGEST_VERSION) {
    const message = `The version is ${version}; it is a whole number from 1 to ${LARGEST_VERSION}.`;
    faults.push({ path: "version", message });
  }
  if (listings.length > MOST_LISTINGS) {
    const message = `There are ${listings.length} listings; a directory has at most ${MOST_LISTINGS}.`;
    faults.push({ path: "listings", message });
  }
  const accounts = new Map<string, number>();
  const names = new Map<string, number>();
  for (const [index, { account, name, street }] of listings.entries()) {
    const at = (member: string, message: string) =>
      faults.push({ path: `listings.${index}.${member}`, message });
    const wrongName = nameFault(name);
    if (wrongName !== undefined) at("name", wrongName);
    const wrongStreet = streetFault(street);
    if (wrongStreet !== undefined) at("street", wrongStreet);
    const key = name.toLocaleLowerCase("en");
    const [sameAccount, sameName] = [accounts.get(account.toLowerCase()), names.get(key)];
    if (sameAccount !== undefined) at("account", `${account} is listed at ${sameAccount} too.`);
    if (sameName !== undefined) at("name", `"${name}" is the name at ${sameName} too.`);
    accounts.set(account.toLowerCase(), index);
    names.set(key, index);
  }
  return faults;
}

/** Why something can't be a name; undefined when it can. */
export function nameFault(name: string): string | undefined {
  if (name === "") return "The name is empty.";
  if (/^0x[0-9a-f]/i.test(name)) return `The name "${name}" looks like an address.`;
  const fault = lineFault(name, LONGEST_NAME);
  return fault && `The name "${name}" ${fault}`;
}

/** Why something can't be a street; undefined when it can. */
export function streetFault(street: string): string | undefined {
  const fault = lineFault(street, LONGEST_STREET);
  return fault && `The street "${street}" ${fault}`;
}

/** Why a text can't be shown as one plain line. Format characters could make it look like another text. */
function lineFault(text: string, longest: number): string | undefined {
  if (text.length > longest) return `has ${text.length} characters; at most ${longest} are shown.`;
  if (text !== text.trim()) return "begins or ends with a space.";
  if (text !== text.normalize("NFC")) return "is not in Unicode's composed form (NFC).";
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(text) ? "has characters that are not shown." : undefined;
}

/** Queries that verifying a directory needs; as `SignatureFacts` for orders. */
export interface DirectoryFacts {
  recover(digest: Hex, signature: Hex): Address | undefined | Promise<Address | undefined>;
  /** Whether an account is a contract that accepts a signature (ERC-1271). */
  isAccepted(account: Address, digest: Hex, signature: Hex): boolean | Promise<boolean>;
}

/**
 * Verifies that a directory is signed by its microgrid's operator and that everybody in it has agreed.
 * @param operator Of the directory's microgrid, as of now.
 * @returns What is wrong; empty for a directory to go by.
 */
export async function judgeDirectory(
  domain: Domain,
  { directory, signature }: SignedDirectory,
  operator: Address,
  facts: DirectoryFacts,
): Promise<readonly DirectoryFault[]> {
  const faults = directoryFaults(directory);
  if (faults.length > 0) return faults;
  if (!(await isSignedBy(operator, hashDirectory(domain, directory), signature, facts))) {
    const message = `The directory is not signed by ${operator}, the operator of microgrid ${directory.microgrid}.`;
    return [{ path: "signature", message }];
  }
  for (const [index, listing] of directory.listings.entries()) {
    if (await hasAgreed(domain, directory.microgrid, listing, facts)) continue;
    const message = `${listing.account} has not agreed to be listed as "${listing.name}"${listing.street && `, ${listing.street}`}.`;
    faults.push({ path: `listings.${index}.consent`, message });
  }
  return faults;
}

/** Whether a household has signed the words of its listing. */
export const hasAgreed = (
  domain: Domain,
  microgrid: number,
  listing: Listing,
  facts: DirectoryFacts,
): Promise<boolean> =>
  isSignedBy(listing.account, hashListing(domain, microgrid, listing), listing.consent, facts);

async function isSignedBy(
  account: Address,
  digest: Hex,
  signature: Hex,
  facts: DirectoryFacts,
): Promise<boolean> {
  const signer = await facts.recover(digest, signature);
  if (signer !== undefined && isAddressEqual(signer, account)) return true;
  return facts.isAccepted(account, digest, signature);
}
