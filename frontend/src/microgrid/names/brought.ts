import type { Listing, Microgrid } from "@wattline/sdk";
import { useEffect, useState } from "react";
import { isAddress, isAddressEqual, isHex } from "viem";
import { recall, remember } from "../../browser/index.ts";
import { useNetwork } from "../../chain/index.ts";
import { useAgreed } from "../../people/index.ts";

/** What a link says that a household has agreed to. */
export interface Brought {
  readonly owner?: string | undefined;
  readonly name?: string | undefined;
  readonly street?: string | undefined;
  readonly consent?: string | undefined;
}

/**
 * What households have agreed to be called, as their links have brought it to this browser: each has signed its own. It is
 * kept until the next link of the same household, since an operator opens many of them before it publishes.
 */
export function useBrought({ microgrid }: Microgrid, link: Brought): readonly Listing[] {
  const { chainId, marketplace } = useNetwork().deployment;
  const key = `wattline.listings.${chainId}.${marketplace.toLowerCase()}.${microgrid}`;
  const [listings] = useState(() => withNewest(listingsIn(recall(key)), listingOf(link)));
  const { data: agreed } = useAgreed(microgrid, listings);
  useEffect(() => {
    if (agreed !== undefined) remember(key, JSON.stringify(agreed));
  }, [key, agreed]);
  return agreed ?? [];
}

function withNewest(kept: readonly Listing[], newest: Listing | undefined): readonly Listing[] {
  if (newest === undefined) return kept;
  return [...kept.filter(({ account }) => !isAddressEqual(account, newest.account)), newest];
}

function listingOf({ owner = "", name, street = "", consent }: Brought): Listing | undefined {
  if (!isAddress(owner, { strict: false }) || name === undefined || !isHex(consent))
    return undefined;
  return { account: owner, name, street, consent };
}

function listingsIn(text: string | undefined): readonly Listing[] {
  try {
    const stored: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(stored)) return [];
    return stored.flatMap(({ account, ...words }) => listingOf({ ...words, owner: account }) ?? []);
  } catch {
    return [];
  }
}
