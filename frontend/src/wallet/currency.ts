import {
  type Address,
  type Client,
  domainSeparator,
  type Hex,
  parseAbi,
  parseSignature,
} from "viem";
import { readContract } from "viem/actions";
import { isRevert } from "./answers.ts";

/** The currency that money comes in. */
export interface CurrencyAt {
  readonly client: Client;
  readonly chainId: number;
  readonly address: Address;
}

/** The EIP-712 domain of a currency. */
export interface CurrencyDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: Address;
}

const domainAbi = parseAbi([
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
]);

/** Versions of domains in use, for currencies that don't tell theirs: OpenZeppelin's, and USDC's. */
const VERSIONS = ["1", "2"] as const;

/**
 * The domain in which a currency takes signatures; undefined when it takes none, or does not tell enough to be sure. A domain
 * that it describes (ERC-5267) or that can be guessed must have the hash that the currency checks against.
 */
export async function currencyDomainOf({
  client,
  chainId,
  address,
}: CurrencyAt): Promise<CurrencyDomain | undefined> {
  const at = { address, abi: domainAbi } as const;
  const [described, name, version, separator] = await Promise.all([
    unlessRefused(readContract(client, { ...at, functionName: "eip712Domain" })),
    unlessRefused(readContract(client, { ...at, functionName: "name" })),
    unlessRefused(readContract(client, { ...at, functionName: "version" })),
    unlessRefused(readContract(client, { ...at, functionName: "DOMAIN_SEPARATOR" })),
  ]);
  const of = (itsName: string, itsVersion: string): CurrencyDomain => ({
    name: itsName,
    version: itsVersion,
    chainId,
    verifyingContract: address,
  });
  const candidates = [
    ...(described === undefined ? [] : [of(described[1], described[2])]),
    ...(name === undefined
      ? []
      : [...(version === undefined ? [] : [version]), ...VERSIONS].map((one) => of(name, one))),
  ];
  if (separator === undefined) return described && candidates[0];
  return candidates.find((domain) => domainSeparator({ domain }) === separator);
}

/**
 * What a contract answers; undefined when it refuses.
 * @throws What a node has failed with: that says nothing about the contract.
 */
export const unlessRefused = <T>(answer: Promise<T>): Promise<T | undefined> =>
  answer.catch((error: unknown) => {
    if (!isRevert(error)) throw error;
    return undefined;
  });

/** A signature as contracts take it in parts. */
export function partsOf(signature: Hex): { readonly v: number; readonly r: Hex; readonly s: Hex } {
  const { r, s, yParity } = parseSignature(signature);
  return { v: 27 + yParity, r, s };
}

/** Where it is remembered that a currency has refused something. */
export const currencyKey = ({ chainId, address }: CurrencyAt): string =>
  `${chainId} ${address.toLowerCase()}`;
