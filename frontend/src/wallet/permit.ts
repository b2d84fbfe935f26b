import { type Address, type Hex, keccak256, parseAbi, toHex } from "viem";
import { readContract, simulateContract } from "viem/actions";
import {
  type CurrencyAt,
  type CurrencyDomain,
  currencyDomainOf,
  currencyKey,
  partsOf,
  unlessRefused,
} from "./currency.ts";
import { refusals } from "./refusals.ts";

/** Permits of a currency (ERC-2612). */

export const permitAbi = parseAbi([
  "function nonces(address owner) view returns (uint256)",
  "function PERMIT_TYPEHASH() view returns (bytes32)",
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

/** ERC-2612's type. DAI's permit is of another one: it is for everything, and the escrow can't pass it on. */
const PERMIT_TYPE =
  "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";

/** A permit as a wallet is asked to sign it. */
export interface Permit {
  readonly domain: CurrencyDomain;
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

const refused = refusals("wattline.permitsRefused");

/** The domain in which a currency takes permits; undefined when it takes none, or does not tell enough to be sure. */
export async function permitDomainOf(currency: CurrencyAt): Promise<CurrencyDomain | undefined> {
  if (refused.has(currencyKey(currency))) return undefined;
  const { client, address } = currency;
  const [domain, typehash] = await Promise.all([
    currencyDomainOf(currency),
    unlessRefused(
      readContract(client, { address, abi: permitAbi, functionName: "PERMIT_TYPEHASH" }),
    ),
  ]);
  return typehash === undefined || typehash === keccak256(toHex(PERMIT_TYPE)) ? domain : undefined;
}

/** Whether the currency takes a permit that was signed. One that it refuses is remembered, so that nobody signs another. */
export async function isPermitTaken(
  currency: CurrencyAt,
  { message: { owner, spender, value, deadline } }: Permit,
  signature: Hex,
): Promise<boolean> {
  const { client, address } = currency;
  const { v, r, s } = partsOf(signature);
  const tried = await unlessRefused(
    simulateContract(client, {
      address,
      abi: permitAbi,
      functionName: "permit",
      args: [owner, spender, value, deadline, v, r, s],
    }),
  );
  if (tried === undefined) refused.add(currencyKey(currency));
  return tried !== undefined;
}
