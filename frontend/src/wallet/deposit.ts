import { type Address, type Client, type Hex, size } from "viem";
import { call, getBlock, readContract } from "viem/actions";
import { type Call, callOf, contractsOf, type Network } from "../chain/index.ts";
import { isRevert, isUnsupported } from "./answers.ts";
import {
  hasKey,
  isTaken,
  PERMIT_TYPES,
  type Permit,
  type PermitDomain,
  partsOf,
  permitAbi,
  permitDomainOf,
} from "./permit.ts";

/** How long a permit may take to be mined, in seconds of the chain's clock. */
const PERMIT_SECONDS = 3_600n;

/** Whose money comes into escrow. */
export interface Depositor {
  readonly client: Client;
  readonly network: Network;
  readonly owner: Address;
  /** Whether the wallet makes several calls as one. */
  readonly bundles: boolean;
}

/**
 * How money comes into escrow: as the escrow is allowed to take it already, in one bundle with what follows, with a signed
 * permit, or after an approval of its own.
 */
export type DepositWay = "allowed" | "bundle" | "permit" | "approval";

/** How `depositor` brings `value` base units in. */
export async function depositWay(value: bigint, depositor: Depositor): Promise<DepositWay> {
  if ((await allowanceOf(depositor)) >= value) return "allowed";
  if (depositor.bundles) return "bundle";
  return (await domainFor(depositor)) === undefined ? "approval" : "permit";
}

/** The calls that bring `value` base units into escrow. A file of its own, because only those who pay need what it imports. */
export async function depositCalls(
  value: bigint,
  { sign, ...depositor }: Depositor & { sign(permit: Permit): Promise<Hex> },
): Promise<Call[]> {
  const { network, bundles } = depositor;
  const { marketplace, currency } = contractsOf(network);
  const deposit = callOf(marketplace, "deposit", [currency.address, value]);
  // An allowance may be left of a deposit that was interrupted.
  const allowance = await allowanceOf(depositor);
  if (allowance >= value) return [deposit];
  // In a bundle an approval asks the person nothing more; a permit would.
  const domain = bundles ? undefined : await domainFor(depositor);
  const withPermit = domain && (await permitCall(value, domain, { ...depositor, sign }));
  if (withPermit !== undefined) return [withPermit];
  return [...(await approvals(value, allowance, depositor)), deposit];
}

/** The deposit with a permit; undefined when the currency does not take the permit, or the wallet can't sign one. */
async function permitCall(
  value: bigint,
  domain: PermitDomain,
  { client, network, owner, sign }: Depositor & { sign(permit: Permit): Promise<Hex> },
): Promise<Call | undefined> {
  const { marketplace, currency } = contractsOf(network);
  const [nonce, { timestamp }] = await Promise.all([
    readContract(client, {
      address: currency.address,
      abi: permitAbi,
      functionName: "nonces",
      args: [owner],
    }),
    getBlock(client),
  ]);
  const deadline = timestamp + PERMIT_SECONDS;
  const permit: Permit = {
    domain,
    types: PERMIT_TYPES,
    primaryType: "Permit",
    message: { owner, spender: marketplace.address, value, nonce, deadline },
  };
  const signature = await sign(permit).catch((error: unknown) => {
    if (isUnsupported(error)) return undefined;
    throw error;
  });
  if (signature === undefined || size(signature) !== 65) return undefined;
  const at = { client, chainId: network.deployment.chainId, address: currency.address };
  if (!(await isTaken(at, permit, signature))) return undefined;
  const { v, r, s } = partsOf(signature);
  return callOf(marketplace, "depositWithPermit", [currency.address, value, deadline, v, r, s]);
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

/** The domain of a permit; undefined when the currency takes none, or the account has no key to sign one with. */
async function domainFor({ client, network, owner }: Depositor): Promise<PermitDomain | undefined> {
  const { currency, deployment } = network;
  const at = { client, chainId: deployment.chainId, address: currency.address };
  return (await hasKey(client, owner)) ? permitDomainOf(at) : undefined;
}
