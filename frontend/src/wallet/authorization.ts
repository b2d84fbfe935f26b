import { type Address, type Hex, parseAbi, zeroHash } from "viem";
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

/** Transfers of a currency by signature (ERC-3009), as USDC and EURC know them. */

const authorizationAbi = parseAbi([
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function receiveWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)",
]);

export const AUTHORIZATION_TYPES = {
  ReceiveWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

/** An authorization as a wallet is asked to sign it. */
export interface Authorization {
  readonly domain: CurrencyDomain;
  readonly types: typeof AUTHORIZATION_TYPES;
  readonly primaryType: "ReceiveWithAuthorization";
  readonly message: {
    readonly from: Address;
    readonly to: Address;
    readonly value: bigint;
    readonly validAfter: bigint;
    readonly validBefore: bigint;
    readonly nonce: Hex;
  };
}

const refused = refusals("wattline.authorizationsRefused");

/** The domain in which a currency takes authorizations of `owner`; undefined when it takes none. */
export async function authorizationDomainOf(
  currency: CurrencyAt,
  owner: Address,
): Promise<CurrencyDomain | undefined> {
  if (refused.has(currencyKey(currency))) return undefined;
  const { client, address } = currency;
  const used = await unlessRefused(
    readContract(client, {
      address,
      abi: authorizationAbi,
      functionName: "authorizationState",
      args: [owner, zeroHash],
    }),
  );
  return used === undefined ? undefined : currencyDomainOf(currency);
}

/** Whether the currency takes an authorization that was signed. One that it refuses is remembered. */
export async function isAuthorizationTaken(
  currency: CurrencyAt,
  { message: { from, to, value, validAfter, validBefore, nonce } }: Authorization,
  signature: Hex,
): Promise<boolean> {
  const { client, address } = currency;
  const { v, r, s } = partsOf(signature);
  const tried = await unlessRefused(
    simulateContract(client, {
      // Only the receiver may call this.
      account: to,
      address,
      abi: authorizationAbi,
      functionName: "receiveWithAuthorization",
      args: [from, to, value, validAfter, validBefore, nonce, v, r, s],
    }),
  );
  if (tried === undefined) refused.add(currencyKey(currency));
  return tried !== undefined;
}
