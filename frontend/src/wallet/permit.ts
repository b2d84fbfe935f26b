import {
  type Address,
  type Client,
  domainSeparator,
  encodeFunctionData,
  type Hex,
  keccak256,
  parseAbi,
  parseSignature,
  toHex,
} from "viem";
import { call, getCode, readContract } from "viem/actions";
import { recall, remember } from "../browser/index.ts";
import { isRevert } from "./answers.ts";

export const permitAbi = parseAbi([
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function nonces(address owner) view returns (uint256)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
  "function PERMIT_TYPEHASH() view returns (bytes32)",
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
  "function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
]);

export const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** The hash of ERC-2612's type. DAI's permit has another one: it is for everything, and the escrow can't pass it on. */
const PERMIT_TYPEHASH = keccak256(
  toHex("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
);

/** Versions of domains in use, for currencies that don't tell theirs: OpenZeppelin's, and USDC's. */
const VERSIONS = ["1", "2"] as const;

/** The EIP-712 domain of a currency. */
export interface PermitDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: Address;
}

/** A permit as a wallet is asked to sign it. */
export interface Permit {
  readonly domain: PermitDomain;
  readonly types: typeof PERMIT_TYPES;
  readonly primaryType: "Permit";
  readonly message: {
    readonly owner: Address;
    readonly spender: Address;
    readonly value: bigint;
    readonly nonce: bigint;
    readonly deadline: bigint;
  };
}

interface Currency {
  readonly client: Client;
  readonly chainId: number;
  readonly address: Address;
}

/**
 * The domain in which a currency takes permits of ERC-2612; undefined when it takes none, or does not tell enough to be sure.
 * A domain that it describes (ERC-5267) or that can be guessed must have the hash that the currency checks against.
 */
export async function permitDomainOf(currency: Currency): Promise<PermitDomain | undefined> {
  const { client, chainId, address } = currency;
  if (hasFailed(currency)) return undefined;
  const at = { address, abi: permitAbi } as const;
  const unlessRefused = <T>(answer: Promise<T>) => answer.catch(unlessFailed);
  const [described, name, version, separator, typehash] = await Promise.all([
    unlessRefused(readContract(client, { ...at, functionName: "eip712Domain" })),
    unlessRefused(readContract(client, { ...at, functionName: "name" })),
    unlessRefused(readContract(client, { ...at, functionName: "version" })),
    unlessRefused(readContract(client, { ...at, functionName: "DOMAIN_SEPARATOR" })),
    unlessRefused(readContract(client, { ...at, functionName: "PERMIT_TYPEHASH" })),
  ]);
  if (typehash !== undefined && typehash !== PERMIT_TYPEHASH) return undefined;
  const of = (itsName: string, itsVersion: string): PermitDomain => ({
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

/** Whether an account signs by a key of its own, as permits need: a contract does not, an EIP-7702 account does. */
export async function hasKey(client: Client, account: Address): Promise<boolean> {
  const code = await getCode(client, { address: account });
  return code === undefined || code === "0x" || code.startsWith("0xef0100");
}

/** Whether the currency takes a permit that was signed. One that it refuses is remembered, so that nobody signs another. */
export async function isTaken(
  currency: Currency,
  { message: { owner, spender, value, deadline } }: Permit,
  signature: Hex,
): Promise<boolean> {
  const { v, r, s } = partsOf(signature);
  const data = encodeFunctionData({
    abi: permitAbi,
    functionName: "permit",
    args: [owner, spender, value, deadline, v, r, s],
  });
  try {
    await call(currency.client, { to: currency.address, data });
    return true;
  } catch (error) {
    unlessFailed(error);
    rememberFailure(currency);
    return false;
  }
}

/** @throws What a node has failed with: that says nothing about the contract. */
function unlessFailed(error: unknown): undefined {
  if (!isRevert(error)) throw error;
}

/** A signature as contracts take it in parts. */
export function partsOf(signature: Hex): { readonly v: number; readonly r: Hex; readonly s: Hex } {
  const { r, s, yParity } = parseSignature(signature);
  return { v: 27 + yParity, r, s };
}

const KEY = "wattline.permitsRefused";
const keyOf = ({ chainId, address }: Currency): string => `${chainId} ${address.toLowerCase()}`;

function rememberFailure(currency: Currency): void {
  const refused = [...new Set([...(recall(KEY) ?? "").split("\n"), keyOf(currency)])];
  remember(KEY, refused.filter(Boolean).join("\n"));
}

const hasFailed = (currency: Currency): boolean =>
  (recall(KEY) ?? "").split("\n").includes(keyOf(currency));
