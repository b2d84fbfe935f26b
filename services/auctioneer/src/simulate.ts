import { MendableError, reasonOf } from "@wattline/common/mendable";
import {
  type Batch,
  type Contracts,
  decodeLog,
  type HistoryEvent,
  marketplaceAbi,
  sumWh,
} from "@wattline/sdk";
import {
  type Address,
  encodeFunctionData,
  type Hex,
  isAddressEqual,
  type PublicClient,
} from "viem";

/** What a transaction would do now. */
export interface Outcome {
  /** Undefined when the call would fail as a whole. */
  readonly events: readonly HistoryEvent[] | undefined;
  /** Why it would fail. */
  readonly failure: string | undefined;
  /** The data that it would revert with. */
  readonly revert: Hex | undefined;
  readonly gasUsed: bigint;
}

/** A call of one of Wattline's contracts. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
  readonly gas: bigint;
}

/**
 * Runs a call on the newest state without sending it (`eth_simulateV1`).
 * @throws MendableError when the node can't simulate; what the node throws.
 */
export async function simulate(
  client: PublicClient,
  contracts: Contracts,
  sender: Address,
  { to, data, gas }: Call,
): Promise<Outcome> {
  const [block] = await client
    .simulateBlocks({
      blocks: [{ calls: [{ account: sender, to, data, gas }] }],
    })
    .catch((error: unknown) => {
      if (!/not (found|supported|available)|does not exist/i.test(reasonOf(error))) throw error;
      throw new MendableError(
        `The node has no eth_simulateV1 (${reasonOf(error)}). Set chain.rpc_url to one that has, such as geth, Nethermind, Besu, Erigon, Reth or anvil.`,
      );
    });
  const call = block?.calls[0];
  if (call === undefined) throw new Error("The node's answer holds no simulated call.");
  if (call.status !== "success") {
    return {
      events: undefined,
      failure: reasonOf(call.error),
      revert: call.data,
      gasUsed: call.gasUsed,
    };
  }
  const { marketplace, microgrids, meters, energy } = contracts;
  const events = (call.logs ?? []).flatMap(({ address, topics, data: bytes }, logIndex) => {
    const contract = [marketplace, microgrids, meters, energy].find((each) =>
      isAddressEqual(each, address),
    );
    if (contract === undefined) return [];
    return decodeLog(contracts, { address: contract, topics, data: bytes, logIndex }) ?? [];
  });
  return { events, failure: undefined, revert: undefined, gasUsed: call.gasUsed };
}

/** What became of a match of `settle`, in the order of the matches. */
export interface MatchOutcome {
  /** As sent; 0 when it was skipped. */
  readonly tradedWh: bigint;
  /** The selector of the error that kept a match. */
  readonly skipped:
    | { readonly offerHash: Hex; readonly bidHash: Hex; readonly reason: Hex }
    | undefined;
}

/** What `settle` did, match by match. */
export const matchOutcomes = (events: readonly HistoryEvent[]): MatchOutcome[] =>
  events.flatMap((event): MatchOutcome | readonly [] => {
    switch (event.eventName) {
      case "Matched":
        return { tradedWh: event.args.sentWh, skipped: undefined };
      case "Reserved":
        return { tradedWh: sumWh(event.args.position.energy), skipped: undefined };
      case "Skipped":
        return { tradedWh: 0n, skipped: event.args };
      default:
        return [];
    }
  });

/** A batch as a call. */
export function settleCall({ marketplace }: Pick<Contracts, "marketplace">, batch: Batch): Call {
  const { orders, signatures, matches, gas } = batch;
  const args = [
    [...orders],
    [...signatures],
    matches.map((match) => ({ ...match, energy: [...match.energy] })),
  ] as const;
  const data = encodeFunctionData({ abi: marketplaceAbi, functionName: "settle", args });
  return { to: marketplace, data, gas };
}
