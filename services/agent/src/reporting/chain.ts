import { nodeTransport } from "@wattline/common/node";
import { shownUrl } from "@wattline/common/shownUrl";
import { LANES, laneOf, metersAbi, microgridsAbi } from "@wattline/sdk";
import { type Address, createPublicClient, type Hex, zeroAddress } from "viem";
import type { Settings } from "../config/read.ts";
import { AgentError } from "../errors.ts";

/** What the chain says of a meter. */
export interface Registered {
  readonly microgrid: number;
  /** The length of the microgrid's slots. */
  readonly slotSeconds: number;
  readonly owner: Address;
  readonly firstSlot: number;
  /** The last slot that it reports: the one in which it was retired; undefined while it is in service. */
  readonly lastSlot: number | undefined;
  /** The most that a slot may hold, in Wh. */
  readonly mostWh: bigint;
}

/** The newest block. */
export interface Head {
  readonly number: number;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly time: number;
}

/** What became of a transaction: it waits, or is mined in a block and went well or not. */
export type Outcome =
  | { readonly status: "pending" }
  | { readonly status: "success" | "reverted"; readonly block: number };

const RPC_BATCH = 100;
const SECONDS_PER_HOUR = 3_600n;

/** What a power comes to in a slot, rounded up as the contracts do. */
const whOf = (watts: number, slotSeconds: number): bigint =>
  (BigInt(watts) * BigInt(slotSeconds) + SECONDS_PER_HOUR - 1n) / SECONDS_PER_HOUR;

/** What the agent asks a node. */
export function chainAt(rpcUrl: string, deployment: Settings["deployment"]) {
  const { chainId } = deployment;
  const client = createPublicClient({
    transport: nodeTransport(rpcUrl, { batchSize: RPC_BATCH, tries: 2 }),
    cacheTime: 0,
  });
  const meters = { address: deployment.meters, abi: metersAbi } as const;
  const microgrids = { address: deployment.microgrids, abi: microgridsAbi } as const;
  return {
    client,

    /** @throws AgentError when the node is of another chain. */
    async requireChain(): Promise<void> {
      const found = await client.getChainId();
      if (found !== chainId) {
        throw new AgentError(
          `The node at ${shownUrl(rpcUrl)} is of chain ${found}, the deployment is on chain ${chainId}. Mend chain.rpc_url or chain.deployment.`,
        );
      }
    },

    /** Undefined while nobody has registered the device. */
    async registered(device: Address): Promise<Registered | undefined> {
      const meter = await client.readContract({
        ...meters,
        functionName: "meterOf",
        args: [device],
      });
      const { owner, microgrid, firstSlot } = meter;
      if (owner === zeroAddress) return undefined;
      const { slotSeconds } = await client.readContract({
        ...microgrids,
        functionName: "termsOf",
        args: [microgrid],
      });
      return {
        microgrid,
        slotSeconds,
        owner,
        firstSlot,
        lastSlot: meter.active ? undefined : meter.retiredSlot,
        mostWh: whOf(meter.capacityW, slotSeconds),
      };
    },

    /** The newest block. */
    async head(): Promise<Head> {
      const { number, hash, timestamp } = await client.getBlock();
      return { number: Number(number), hash, time: Number(timestamp) };
    },

    /** The guard bits of the lanes of a word that are reported already. */
    async reportedLanes(device: Address, block: number, word: bigint): Promise<bigint> {
      const [, , reported] = await client.readContract({
        ...meters,
        functionName: "deliveryOf",
        args: [device, block],
      });
      return reported & word;
    },

    /** What became of a transaction; undefined when the node does not know it. */
    async outcome(hash: Hex): Promise<Outcome | undefined> {
      const receipt = await client.getTransactionReceipt({ hash }).catch(notFound);
      if (receipt !== undefined) {
        return { status: receipt.status, block: Number(receipt.blockNumber) };
      }
      const transaction = await client.getTransaction({ hash }).catch(notFound);
      return transaction === undefined ? undefined : { status: "pending" };
    },
  };
}

export type Chain = ReturnType<typeof chainAt>;

/** viem throws for what a node does not know. */
function notFound(error: unknown): undefined {
  if (error instanceof Error && /NotFound/.test(error.name)) return undefined;
  throw error;
}

/** The guard bit of a lane: it says that the slot is covered. */
export const guardOf = (lane: number): bigint => 1n << BigInt(32 * lane + 31);

export const isCovered = (word: bigint, lane: number): boolean => (word & guardOf(lane)) !== 0n;

/** A word with the lanes for which `keep` holds. */
export function filterLanes(
  word: bigint,
  keep: (lane: number, energyWh: bigint) => boolean,
): bigint {
  let kept = 0n;
  for (let lane = 0; lane < LANES; lane++) {
    if (!isCovered(word, lane) || !keep(lane, laneOf(word, lane))) continue;
    kept |= guardOf(lane) | (laneOf(word, lane) << BigInt(32 * lane));
  }
  return kept;
}
