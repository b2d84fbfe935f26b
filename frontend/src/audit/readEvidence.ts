import { rpcAt, walletsAt } from "@wattline/audit";
import {
  coveredSlots,
  type DecodedCall,
  decodeCalls,
  hashOrder,
  hashReading,
  marketDomain,
  metersAbi,
  metersDomain,
  type Reading,
  recoverSlowly,
  type SignedOrder,
  type Signer,
  signedOrdersIn,
  signerOf,
} from "@wattline/sdk";
import { type Address, type Hex, isAddressEqual } from "viem";
import { getTransaction, getTransactionReceipt, readContract } from "viem/actions";
import { type ChainContext, readEvents } from "../chain/index.ts";
import type { HistoryRow } from "./history.ts";

/** Who signed; "unknown" when the signature is from nobody who may sign. */
export type Signed = Signer["by"] | "device" | "unknown";

export interface OrderEvidence {
  readonly hash: Hex;
  readonly signed: SignedOrder;
  readonly by: Signed;
}

export interface ReadingEvidence {
  readonly transaction: Hex;
  readonly meter: Address;
  readonly signature: Hex;
  readonly by: Signed;
  /** The settlement's slots that it covers. */
  readonly energyWh: readonly (readonly [slot: number, wh: bigint])[];
}

/** The evidence of a settlement on chain. */
export interface Evidence {
  readonly transaction: {
    readonly from: Address;
    readonly to: Address | null;
    readonly gasUsed: bigint;
    /** The functions it called; those within a multicall are listed one by one. */
    readonly calls: readonly string[];
  };
  /** Empty for a release, and when another contract made the call. */
  readonly orders: readonly OrderEvidence[];
  readonly readings: readonly ReadingEvidence[];
}

/** Reads the evidence of a settlement, from the chain alone. */
export async function readEvidence(context: ChainContext, row: HistoryRow): Promise<Evidence> {
  const { client } = context;
  const [{ from, to }, { gasUsed }, calls, readings] = await Promise.all([
    getTransaction(client, { hash: row.transaction }),
    getTransactionReceipt(client, { hash: row.transaction }),
    callsIn(context, row.transaction),
    readReadings(context, row),
  ]);
  return {
    transaction: { from, to, gasUsed, calls: calls.map(({ functionName }) => functionName) },
    orders: await judgeOrders(context, row, calls),
    readings,
  };
}

async function callsIn(
  { client, contracts }: ChainContext,
  hash: Hex,
): Promise<readonly DecodedCall[]> {
  const { marketplace, microgrids, meters, energy } = contracts;
  const addresses = {
    marketplace: marketplace.address,
    microgrids: microgrids.address,
    meters: meters.address,
    energy: energy.address,
  };
  const calls = decodeCalls(addresses, await getTransaction(client, { hash }));
  return calls.filter((call) => call.functionName !== undefined);
}

async function judgeOrders(
  { client, contracts: { marketplace }, network, signal }: ChainContext,
  row: HistoryRow,
  calls: readonly DecodedCall[],
): Promise<OrderEvidence[]> {
  const domain = marketDomain(network.deployment.chainId, marketplace.address);
  const blockNumber = BigInt(Math.max(row.block - 1, 0));
  const askWallet = walletsAt(rpcAt(network.rpcUrl, signal));
  const judged = calls
    .flatMap(signedOrdersIn)
    .map((signed) => ({ signed, hash: hashOrder(domain, signed.order) }))
    .filter(({ hash }) => row.orders.includes(hash))
    .map(async ({ signed, hash }): Promise<OrderEvidence> => {
      const { maker } = signed.order;
      const signer = await signerOf(domain, signed, {
        recover: recoverSlowly,
        // The allowance before the trade, which may have used it up.
        isDelegate: (delegate) =>
          readContract(client, {
            ...marketplace,
            functionName: "allowanceOf",
            args: [maker, row.currency, delegate],
            blockNumber,
          }).then(
            ({ amount, until }) => amount > 0n && row.time <= until,
            () => false,
          ),
        isLockSigner: (signer) =>
          readContract(client, {
            ...marketplace,
            functionName: "lockOf",
            args: [row.currency, maker],
            blockNumber,
          }).then(
            (lock) => isAddressEqual(lock.signer, signer),
            () => false,
          ),
        isAccepted: async (digest, signature) =>
          (await askWallet(maker, digest, signature, {
            blockNumber: row.block,
            transaction: row.transaction,
          })) === true,
      });
      return { signed, hash, by: signer?.by ?? "unknown" };
    });
  return Promise.all(judged);
}

/** The readings of the seller's meters that cover slots of the settlement. */
async function readReadings(context: ChainContext, row: HistoryRow): Promise<ReadingEvidence[]> {
  const meters = await sellersMeters(context, row);
  const { contracts, network, signal } = context;
  const domain = metersDomain(network.deployment.chainId, contracts.meters.address);
  const found = await Promise.all(
    meters.map((meter) =>
      readEvents(context.client, {
        address: contracts.meters.address,
        abi: metersAbi,
        eventName: "Reported",
        args: { meter },
        fromBlock: BigInt(network.deployment.fromBlock),
        signal,
      }),
    ),
  );
  const covering = found.flat().flatMap(({ args, transactionHash }) => {
    const energyWh = coveredIn(args, row);
    return energyWh.length === 0 ? [] : [{ ...args, transaction: transactionHash, energyWh }];
  });
  return Promise.all(
    covering.map(async ({ meter, firstBlock, exported, transaction, energyWh }) => {
      const reading: Reading = { meter, firstBlock, exported };
      const digest = hashReading(domain, reading);
      const report = (await callsIn(context, transaction)).find(
        (call) => call.functionName === "report" && hashReading(domain, call.args[0]) === digest,
      );
      const signature = report?.functionName === "report" ? report.args[1] : "0x";
      const signer = await recoverSlowly(digest, signature);
      const by = signer !== undefined && isAddressEqual(signer, meter) ? "device" : "unknown";
      return { transaction, meter, signature, by, energyWh };
    }),
  );
}

/** The meters that the settlement names; when it names none, all of the seller's meters of this source in the microgrid. */
async function sellersMeters(
  { client, contracts: { meters }, network, signal }: ChainContext,
  row: HistoryRow,
): Promise<readonly Address[]> {
  const registered = await readEvents(client, {
    address: meters.address,
    abi: metersAbi,
    eventName: "MeterRegistered",
    args: { microgrid: row.from },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  });
  const mine = registered.filter(({ args }) => args.source === row.source);
  const named = mine.filter(({ args }) =>
    row.meters.some((each) => isAddressEqual(each, args.meter)),
  );
  const own = (named.length > 0 ? named : mine).filter(({ args }) =>
    isAddressEqual(args.owner, row.seller),
  );
  return own.map(({ args }) => args.meter);
}

function coveredIn(
  { firstBlock, exported }: Pick<Reading, "firstBlock" | "exported">,
  { firstSlot, lastSlot }: HistoryRow,
): (readonly [slot: number, wh: bigint])[] {
  return [...coveredSlots({ firstBlock, words: exported })].filter(
    ([slot]) => firstSlot <= slot && slot <= lastSlot,
  );
}
