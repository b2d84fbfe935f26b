import { RelayClient } from "@wattline/relay/client";
import {
  type DirectoryFacts,
  hasAgreed,
  isAcceptance,
  judgeDirectory,
  type Listing,
  type Microgrid,
  marketDomain,
  type SignedDirectory,
  WALLET_GAS,
  walletQuestion,
} from "@wattline/sdk";
import { type Address, type Hex, isAddress, isHex, recoverAddress } from "viem";
import * as z from "zod/mini";
import { recall, remember } from "../browser/index.ts";
import { type ChainContext, readView } from "../chain/index.ts";
import type { Names } from "./names.ts";

// Loaded after the first page: verifying takes code and time that its first sight does without.

const address = z.custom<Address>((value) => typeof value === "string" && isAddress(value));
const hex = z.custom<Hex>((value) => isHex(value));
const listing = z.object({
  account: address,
  name: z.string(),
  street: z.string(),
  consent: hex,
});
const signedDirectory: z.ZodMiniType<SignedDirectory> = z.object({
  directory: z.object({
    microgrid: z.number(),
    version: z.number(),
    listings: z.array(listing),
  }),
  signature: hex,
});

/**
 * The names of these microgrids' directories, each verified here. A directory once seen is kept in this browser, so that a
 * relay can't go back to an older one, and names are there without it.
 */
export async function readNames(
  context: ChainContext,
  microgrids: readonly Microgrid[],
): Promise<Names> {
  const names = new Map<string, { readonly name: string; readonly street?: string }>();
  for (const microgrid of microgrids) {
    const found = await readDirectory(context, microgrid);
    for (const { account, name, street } of found?.directory.listings ?? []) {
      const key = account.toLowerCase();
      if (!names.has(key)) names.set(key, street === "" ? { name } : { name, street });
    }
  }
  return names;
}

/** The newest directory that is verified: the relay's, or the one that was seen last. */
export async function readDirectory(
  context: ChainContext,
  { microgrid, operator }: Microgrid,
): Promise<SignedDirectory | undefined> {
  const { chainId, marketplace } = context.network.deployment;
  const key = `wattline.directory.${chainId}.${marketplace.toLowerCase()}.${microgrid}`;
  const candidates = [await served(context, microgrid), parsed(recall(key))]
    .filter((one) => one !== undefined)
    .filter(({ directory }) => directory.microgrid === microgrid)
    .sort((a, b) => b.directory.version - a.directory.version);
  const domain = marketDomain(chainId, marketplace);
  const facts = factsOf(context);
  for (const candidate of candidates) {
    const faults = await judgeDirectory(domain, candidate, operator, facts);
    if (faults.length > 0) continue;
    remember(key, JSON.stringify(candidate));
    return candidate;
  }
  return undefined;
}

/** Those of some listings to whose words their households have agreed. */
export async function agreedOf(
  context: ChainContext,
  microgrid: number,
  listings: readonly Listing[],
): Promise<readonly Listing[]> {
  const { chainId, marketplace } = context.network.deployment;
  const [domain, facts] = [marketDomain(chainId, marketplace), factsOf(context)];
  const agreed = await Promise.all(
    listings.map((listing) => hasAgreed(domain, microgrid, listing, facts)),
  );
  return listings.filter((_, index) => agreed[index]);
}

async function served(
  { network: { relayUrl }, signal }: ChainContext,
  microgrid: number,
): Promise<SignedDirectory | undefined> {
  if (relayUrl === undefined) return undefined;
  // Without an answer the names that were seen last go on.
  const answer = await new RelayClient(relayUrl)
    .directory(microgrid, signal)
    .catch(() => undefined);
  return signedDirectory.safeParse(answer).data;
}

function parsed(text: string | undefined): SignedDirectory | undefined {
  try {
    return signedDirectory.safeParse(JSON.parse(text ?? "null")).data;
  } catch {
    return undefined;
  }
}

/** Who has signed, with a pause after each signature, so that the page responds meanwhile. */
function factsOf(context: ChainContext): DirectoryFacts {
  let view: ReturnType<typeof readView> | undefined;
  return {
    async recover(hash, signature) {
      await new Promise((resolve) => setTimeout(resolve));
      return recoverAddress({ hash, signature }).catch(() => undefined);
    },
    async isAccepted(account, digest, signature) {
      view ??= readView(context);
      const answer = await (await view).ask(account, walletQuestion(digest, signature), WALLET_GAS);
      return isAcceptance(answer);
    },
  };
}
