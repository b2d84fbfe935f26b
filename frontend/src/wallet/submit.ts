import { t } from "@lingui/core/macro";
import { AuctioneerError, handIn } from "@wattline/auctioneer/client";
import {
  decodeCalls,
  mandateData,
  mandateOf,
  mandateTypedData,
  marketDomain,
  signedCallIn,
  type UnsignedMandate,
} from "@wattline/sdk";
import { type Hex, keccak256, type TransactionReceipt } from "viem";
import { getBlock, readContract, call as simulate } from "viem/actions";
import { type Call, contractsOf, type Network } from "../chain/index.ts";
import type { Deed } from "./deed.ts";
import { Told } from "./errors.ts";
import { follow } from "./follow.ts";
import { chainIdentity, keepPending, type Pending } from "./pending.ts";
import type { Sender } from "./send.ts";
import { sign } from "./sign.ts";

/** How long a signature may take to be mined, in seconds of the chain's clock. */
const SIGNED_SECONDS = 86_400;

/**
 * Does a deed by signatures alone: the community's auctioneer sends what is signed, and pays for it.
 * @throws Told when the deed needs a transaction of the account's own, or the auctioneer does not send it; what the contract or
 * the wallet refuses with.
 */
export async function submit(
  { title, calls }: Deed,
  sender: Sender,
): Promise<readonly TransactionReceipt[]> {
  const { config, client, network, queries, address, toast, onMined } = sender;
  const ways = calls.map((call) => ({ call, unsigned: mandateIn(call, sender) }));
  if (ways.some(({ call, unsigned }) => unsigned === undefined && !isSigned(call, network))) {
    throw new Told(needsEther());
  }
  const chain = await chainIdentity(client, network);
  const receipts: TransactionReceipt[] = [];
  for (const { call, unsigned } of ways) {
    // A refusal costs no signature then. Who is asked for one has it checked before it goes out.
    if (unsigned !== undefined) await simulate(client, { account: address, ...call });
    const data = unsigned === undefined ? call.data : await signedData(unsigned, sender);
    await inWords(() => handIn(network.auctioneerUrl ?? "", data));
    const pending: Pending = {
      id: keccak256(data),
      kind: "mandate",
      data,
      ...chain,
      from: address,
      title,
    };
    keepPending(pending);
    receipts.push(...(await inWords(() => follow(pending, { config, network, queries, toast }))));
    onMined();
  }
  return receipts;
}

/** Why an account without ether can't do something. */
export const needsEther = (): string =>
  t`This is a transaction, whose fee is paid in Ether, and your account has none. The community pays only for what you sign: deposits, bids and offers, withdrawals, your home agent, cancellations.`;

/** The mandate that does what a call would; undefined when there is none. */
function mandateIn({ to, data }: Call, { network, address }: Sender): UnsignedMandate | undefined {
  const [call, ...more] = decodeCalls(network.deployment, { to, input: data });
  return call === undefined || more.length > 0 ? undefined : mandateOf(address, call);
}

const isSigned = ({ to, data }: Call, { deployment }: Network): boolean =>
  to === deployment.marketplace && signedCallIn(deployment, data) !== undefined;

/** Has a mandate signed. */
async function signedData(unsigned: UnsignedMandate, sender: Sender): Promise<Hex> {
  const { config, client, network, address, connector, toast } = sender;
  const { marketplace } = contractsOf(network);
  const [nonce, { timestamp }] = await Promise.all([
    readContract(client, { ...marketplace, functionName: "mandateNonceOf", args: [address] }),
    getBlock(client),
  ]);
  const deadline = Number(timestamp) + SIGNED_SECONDS;
  toast.signing();
  const signature = await sign(
    config,
    {
      domain: marketDomain(network.deployment.chainId, marketplace.address),
      ...mandateTypedData(unsigned, { nonce, deadline }),
    },
    { account: address, connector },
  );
  return mandateData({ ...unsigned, message: { ...unsigned.message, deadline }, signature });
}

/** What the auctioneer refuses, in words; a contract's error has words of its own. */
async function inWords<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof TypeError) {
      throw new Told(t`The community's auctioneer does not answer. Try again later.`);
    }
    if (!(error instanceof AuctioneerError) || error.data !== undefined) throw error;
    throw new Told(
      error.status === 429
        ? t`The community pays for so much a day and no more. Try again later.`
        : t`The community's auctioneer does not send it: ${error.message}`,
    );
  }
}
