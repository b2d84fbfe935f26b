import { t } from "@lingui/core/macro";
import { judgeOrder, type Microgrid, type Order, type SignedOrder } from "@wattline/sdk";
import { getBlock, readContract } from "viem/actions";
import { useClient, useConnection } from "wagmi";
import { type ChainContext, callOf, contractsOf, useNetwork } from "../chain/index.ts";
import { isDown, RelayError, readFacts, submitOrders } from "../data/index.ts";
import { isRejection, useBookSigner, useSigner, useTransact, wordsFor } from "../wallet/index.ts";
import { type Draft, orderOf } from "./draft.ts";
import { chooseNonces, rememberNonces } from "./nonces.ts";
import { type BrokenRule, type Fault, faultsOf } from "./reasons.ts";

/** What became of a draft. */
export type Placed =
  | { readonly status: "placed"; readonly signed: readonly SignedOrder[] }
  /** The person said no in the wallet. */
  | { readonly status: "declined" }
  | { readonly status: "refused"; readonly faults: readonly Fault[] }
  /** It is signed, and no relay takes it. */
  | { readonly status: "unreachable"; readonly signed: readonly SignedOrder[] };

/** From a draft to orders that others see: built, judged as the contracts would, signed, and handed in. */
export function useOrdering({
  microgrid,
  slotSeconds,
}: Pick<Microgrid, "microgrid" | "slotSeconds">) {
  const network = useNetwork();
  const { chainId } = network.deployment;
  const client = useClient({ chainId });
  const { address: maker, chainId: walletChainId } = useConnection();
  const sign = useSigner();
  const signBook = useBookSigner();
  const { transact } = useTransact();

  async function place(draft: Draft, signal: AbortSignal): Promise<Placed> {
    if (client === undefined || maker === undefined) return refused(t`Connect a wallet first.`);
    if (walletChainId !== chainId) {
      return refused(t`Your wallet is on another network: switch it to ${network.name} first.`);
    }
    const context: ChainContext = { client, contracts: contractsOf(network), network, signal };
    try {
      const orders = await build(context, draft);
      const rules = await brokenRules(context, orders);
      if (rules.length > 0) return { status: "refused", faults: await faultsOf(rules, network) };
      const signed = await signAll(orders);
      rememberNonces(
        chainId,
        maker,
        orders.map(({ nonce }) => nonce),
      );
      return await handIn(signed);
    } catch (error) {
      if (isRejection(error)) return { status: "declined" };
      const member = error instanceof RangeError && /^(\w+): /.exec(error.message);
      if (member) {
        const rule = { code: "RangeError", message: error.message, path: member[1] };
        return { status: "refused", faults: await faultsOf([rule], network) };
      }
      return refused(await wordsFor(error, network));
    }
  }

  async function build(context: ChainContext, draft: Draft): Promise<readonly Order[]> {
    if (maker === undefined) return [];
    const [{ timestamp }, { counter }, nonces] = await Promise.all([
      getBlock(context.client),
      readContract(context.client, {
        ...context.contracts.marketplace,
        functionName: "accountOf",
        args: [network.currency.address, maker],
      }),
      chooseNonces(context, maker, draft.terms.length, draft.firm?.settler),
    ]);
    const by = {
      maker,
      microgrid,
      slotSeconds,
      now: Number(timestamp),
      counter,
    };
    const order = orderOf(draft);
    return draft.terms.map((terms, index) => order({ ...by, nonce: nonces[index] ?? 0n }, terms));
  }

  function signAll(orders: readonly Order[]): Promise<readonly SignedOrder[]> {
    const [only] = orders;
    if (only !== undefined && orders.length === 1) return sign(only).then((one) => [one]);
    return signBook(orders);
  }

  /** Hands signed orders in to the relay. */
  async function handIn(signed: readonly SignedOrder[]): Promise<Placed> {
    const { relayUrl } = network;
    if (relayUrl === undefined) return { status: "unreachable", signed };
    try {
      const results = await submitOrders(relayUrl, signed);
      const rules = results.flatMap((one) => (one.status === "refused" ? one.reasons : []));
      if (rules.length === 0) return { status: "placed", signed };
      const faults = await faultsOf(rules, network);
      const accepted = String(results.filter(({ status }) => status !== "refused").length);
      const total = String(signed.length);
      const words = t`${accepted} of ${total} orders are in the book; the others were refused.`;
      return {
        status: "refused",
        faults: signed.length === 1 ? faults : [...faults, { field: "root", words }],
      };
    } catch (error) {
      if (isDown(error)) return { status: "unreachable", signed };
      if (error instanceof RelayError) return refused(error.message);
      throw error;
    }
  }

  /** Announces signed orders on chain, where everybody finds them without a relay. */
  const announce = (signed: readonly SignedOrder[]) =>
    transact({ title: t`Announce on chain`, calls: [pinCall(signed)] });

  const pinCall = (signed: readonly SignedOrder[]) =>
    callOf(contractsOf(network).board, "pin", [
      signed.map(({ order }) => order),
      signed.map(({ signature }) => signature),
    ]);

  return { place, handIn, announce, pinCall };
}

const refused = (words: string): Placed => ({
  status: "refused",
  faults: [{ field: "root", words }],
});

/** Rules that orders break by what the chain says now. Energy that a meter may still report breaks none. */
async function brokenRules(
  context: ChainContext,
  orders: readonly Order[],
): Promise<readonly BrokenRule[]> {
  const judged = await Promise.all(
    orders.map(async (order) =>
      judgeOrder(order, await readFacts(context, order, { by: "maker" })),
    ),
  );
  return judged.flatMap(({ reasons, mayBeBacked }) => (mayBeBacked ? [] : reasons));
}
