import { t } from "@lingui/core/macro";
import { type Address, type Client, type Hex, size, toHex } from "viem";
import { call, getBlock, readContract } from "viem/actions";
import { type Call, callOf, contractsOf, type Network } from "../chain/index.ts";
import { isRevert, isUnsupported } from "./answers.ts";
import {
  AUTHORIZATION_TYPES,
  type Authorization,
  authorizationDomainOf,
  isAuthorizationTaken,
} from "./authorization.ts";
import { type CurrencyAt, type CurrencyDomain, partsOf } from "./currency.ts";
import { Told } from "./errors.ts";
import { hasKey } from "./hasKey.ts";
import type { Payer } from "./payer.ts";
import { isPermitTaken, PERMIT_TYPES, type Permit, permitAbi, permitDomainOf } from "./permit.ts";

/** How long a signature may take to be mined, in seconds of the chain's clock. */
const SIGNED_SECONDS = 86_400n;

/** Whose money comes into escrow. */
export interface Depositor {
  readonly client: Client;
  readonly network: Network;
  readonly owner: Address;
  /** Whether the wallet makes several calls as one. */
  readonly bundles: boolean;
  readonly payer: Payer;
}

/** Asks the owner's wallet for a signature. */
interface Signing extends Depositor {
  sign(data: Permit | Authorization): Promise<Hex>;
}

/**
 * How money comes into escrow: as the escrow is allowed to take it already, in one bundle with what follows, with a signed
 * authorization (ERC-3009) or permit (ERC-2612), or after an approval of its own.
 */
export type DepositWay = "allowed" | "bundle" | "authorization" | "permit" | "approval";

/** How `depositor` brings `value` base units in. */
export async function depositWay(value: bigint, depositor: Depositor): Promise<DepositWay> {
  if (depositor.payer === "self") {
    if ((await allowanceOf(depositor)) >= value) return "allowed";
    if (depositor.bundles) return "bundle";
    if (!(await hasKey(depositor.client, depositor.owner))) return "approval";
  }
  if (await authorizationDomainOf(currencyOf(depositor), depositor.owner)) return "authorization";
  return (await permitDomainOf(currencyOf(depositor))) === undefined ? "approval" : "permit";
}

/**
 * The calls that bring `value` base units into escrow. A file of its own, because only those who pay need what it imports.
 * @throws Told when the account has no ether and the currency takes neither authorization nor permit: only those others may submit.
 */
export async function depositCalls(value: bigint, depositor: Signing): Promise<Call[]> {
  if (depositor.payer === "community") {
    const signed = await signedCall(value, depositor);
    if (signed === undefined) {
      const { name } = depositor.network.currency;
      throw new Told(
        t`${name} can't be deposited by a signature alone: the deposit is a transaction, whose fee is paid in Ether, and your account has none.`,
      );
    }
    return [signed];
  }
  const { network, bundles, client, owner } = depositor;
  const { marketplace, currency } = contractsOf(network);
  const deposit = callOf(marketplace, "deposit", [currency.address, value]);
  // An allowance may be left of a deposit that was interrupted.
  const allowance = await allowanceOf(depositor);
  if (allowance >= value) return [deposit];
  // In a bundle an approval asks the person nothing more; a signature would.
  if (!bundles && (await hasKey(client, owner))) {
    const signed = await signedCall(value, depositor);
    if (signed !== undefined) return [signed];
  }
  return [...(await approvals(value, allowance, depositor)), deposit];
}

/** The deposit that the owner signs, and anyone may submit; undefined when the currency or the wallet knows no such thing. */
const signedCall = async (value: bigint, depositor: Signing): Promise<Call | undefined> =>
  (await authorizationCall(value, depositor)) ?? (await permitCall(value, depositor));

/** The deposit with an authorization; undefined when the currency takes none, or the wallet can't sign one. */
async function authorizationCall(value: bigint, depositor: Signing): Promise<Call | undefined> {
  const { client, network, owner } = depositor;
  const { marketplace, currency } = contractsOf(network);
  const domain = await authorizationDomainOf(currencyOf(depositor), owner);
  if (domain === undefined) return undefined;
  const { timestamp } = await getBlock(client);
  const authorization: Authorization = {
    domain,
    types: AUTHORIZATION_TYPES,
    primaryType: "ReceiveWithAuthorization",
    message: {
      from: owner,
      to: marketplace.address,
      value,
      validAfter: 0n,
      validBefore: timestamp + SIGNED_SECONDS,
      nonce: toHex(crypto.getRandomValues(new Uint8Array(32))),
    },
  };
  const signature = await signatureOf(authorization, depositor);
  if (signature === undefined) return undefined;
  if (!(await isAuthorizationTaken(currencyOf(depositor), authorization, signature))) {
    return undefined;
  }
  const { validAfter, validBefore, nonce } = authorization.message;
  const { v, r, s } = partsOf(signature);
  return callOf(marketplace, "depositWithAuthorization", [
    currency.address,
    owner,
    value,
    validAfter,
    validBefore,
    nonce,
    v,
    r,
    s,
  ]);
}

/** The deposit with a permit; undefined when the currency takes none, or the wallet can't sign one. */
async function permitCall(value: bigint, depositor: Signing): Promise<Call | undefined> {
  const { client, network, owner } = depositor;
  const { marketplace, currency } = contractsOf(network);
  const domain: CurrencyDomain | undefined = await permitDomainOf(currencyOf(depositor));
  if (domain === undefined) return undefined;
  const [nonce, { timestamp }] = await Promise.all([
    readContract(client, {
      address: currency.address,
      abi: permitAbi,
      functionName: "nonces",
      args: [owner],
    }),
    getBlock(client),
  ]);
  const deadline = timestamp + SIGNED_SECONDS;
  const permit: Permit = {
    domain,
    types: PERMIT_TYPES,
    primaryType: "Permit",
    message: { owner, spender: marketplace.address, value, nonce, deadline },
  };
  const signature = await signatureOf(permit, depositor);
  if (signature === undefined) return undefined;
  if (!(await isPermitTaken(currencyOf(depositor), permit, signature))) return undefined;
  const { v, r, s } = partsOf(signature);
  return callOf(marketplace, "depositWithPermit", [
    currency.address,
    owner,
    value,
    deadline,
    v,
    r,
    s,
  ]);
}

/** The owner's signature by a key; undefined when the wallet can't sign such data. */
async function signatureOf(
  data: Permit | Authorization,
  { sign }: Signing,
): Promise<Hex | undefined> {
  const signature = await sign(data).catch((error: unknown) => {
    if (isUnsupported(error)) return undefined;
    throw error;
  });
  return signature !== undefined && size(signature) === 65 ? signature : undefined;
}

/** The approvals that let the escrow take `value`. Some currencies, USDT for one, want an allowance set to nothing first. */
async function approvals(
  value: bigint,
  allowance: bigint,
  { client, network, owner }: Depositor,
): Promise<Call[]> {
  const { marketplace, currency } = contractsOf(network);
  const approve = (amount: bigint) => callOf(currency, "approve", [marketplace.address, amount]);
  if (allowance === 0n) return [approve(value)];
  const { to, data } = approve(value);
  const isAllowed = await call(client, { account: owner, to, data }).then(
    () => true,
    (error: unknown) => {
      if (isRevert(error)) return false;
      throw error;
    },
  );
  return isAllowed ? [approve(value)] : [approve(0n), approve(value)];
}

/** What the escrow may take of the owner's money by now, base units. */
function allowanceOf({ client, network, owner }: Depositor): Promise<bigint> {
  const { marketplace, currency } = contractsOf(network);
  return readContract(client, {
    ...currency,
    functionName: "allowance",
    args: [owner, marketplace.address],
  });
}

const currencyOf = ({ client, network: { currency, deployment } }: Depositor): CurrencyAt => ({
  client,
  chainId: deployment.chainId,
  address: currency.address,
});
