import {
  actsOf,
  decodeLog,
  type EnergyMove,
  type HistoryEvent,
  isSignedByNamed,
  marketDomain,
  metersAbi,
  metersDomain,
  recoverSlowly,
} from "@wattline/sdk";
import { type Client, decodeFunctionData, isAddressEqual } from "viem";
import { getBlock, getBlockNumber, getTransaction } from "viem/actions";
import { contractsIn, contractsOf, plainLog, readActs } from "../../chain/index.ts";
import type { Certificate } from "./read.ts";
import { type Report, type Supply, supplyOf } from "./supply.ts";

/** The result of a check; "open" when it can't be decided from the chain alone. */
export type Result = "proved" | "failed" | "open";

/** The checks of a certificate, all against one RPC endpoint. */
export interface Verification extends Omit<Supply, "reports" | "isCovered"> {
  /** The newest block that was read. */
  readonly head: bigint;
  /** The transaction succeeded, and its block is part of the chain. */
  readonly onChain: Result;
  /** The same transaction has burnt exactly this energy of the holder. */
  readonly burnt: Result;
  /** In every slot, all energy retired so far was reported by meters, tie lines included. */
  readonly supply: Result;
  /** Whether the devices' own keys have signed those readings. */
  readonly signatures: Result;
  readonly readings: { readonly signed: number; readonly forged: number; readonly unseen: number };
  readonly meters: number;
}

/** Checks a certificate from the chain's events and transactions alone. */
export async function verify(
  client: Client,
  certificate: Certificate,
  signal: AbortSignal,
): Promise<Verification> {
  const { network } = certificate;
  const [head, onChain, acts] = await Promise.all([
    getBlockNumber(client),
    isOnChain(client, certificate),
    readActs({ client, contracts: contractsOf(network), network, signal }),
  ]);
  const { reports, isCovered, ...supply } = supplyOf(acts, certificate);
  const signed = await Promise.all(
    reports.map((report) => signatureOf(client, certificate, report)),
  );
  const count = (state: (typeof signed)[number]) => signed.filter((one) => one === state).length;
  const readings = { signed: count("signed"), forged: count("forged"), unseen: count("unseen") };
  return {
    ...supply,
    head,
    onChain,
    burnt: isBurnt(certificate),
    supply: isCovered ? "proved" : "failed",
    signatures:
      readings.forged > 0
        ? "failed"
        : readings.unseen > 0 || signed.length === 0
          ? "open"
          : "proved",
    readings,
    meters: new Set(reports.map(({ reported }) => reported.meter)).size,
  };
}

async function isOnChain(client: Client, { receipt }: Certificate): Promise<Result> {
  const { hash } = await getBlock(client, { blockNumber: receipt.blockNumber });
  return receipt.status === "success" && hash === receipt.blockHash ? "proved" : "failed";
}

function isBurnt({ network, receipt, retired }: Certificate): Result {
  const contracts = contractsIn({ network });
  const events = receipt.logs
    .map((log) => decodeLog(contracts, plainLog(log)))
    .filter((event): event is HistoryEvent => event !== undefined);
  const act = actsOf(contracts, events).find(
    (one) => one.kind === "retire" && one.retired.logIndex === retired.logIndex,
  );
  return act?.kind === "retire" && isSame(act.burn, retired) ? "proved" : "failed";
}

function isSame({ from, words }: EnergyMove, { args }: Certificate["retired"]): boolean {
  const burnt = new Map(words.map(({ blockNumber, energy }) => [blockNumber, energy]));
  return (
    isAddressEqual(from, args.holder) &&
    words.every(({ microgrid }) => microgrid === args.microgrid) &&
    args.energy.every((word, offset) => (burnt.get(args.firstBlock + offset) ?? 0n) === word) &&
    words.length === args.energy.filter((word) => word !== 0n).length
  );
}

/** Whether the meter's key has signed the reading; unseen when another contract submitted it. */
async function signatureOf(
  client: Client,
  { network: { deployment } }: Certificate,
  { transaction, reported }: Report,
): Promise<"signed" | "forged" | "unseen"> {
  const { to, input } = await getTransaction(client, { hash: transaction });
  if (!to || !isAddressEqual(to, deployment.meters)) return "unseen";
  const { functionName, args } = decodeFunctionData({ abi: metersAbi, data: input });
  if (functionName !== "report") return "unseen";
  const [reading, signature] = args;
  const { meter, firstBlock, exported } = reported;
  const isTheSame =
    isAddressEqual(reading.meter, meter) &&
    reading.firstBlock === firstBlock &&
    reading.exported.length === exported.length &&
    reading.exported.every((word, index) => word === exported[index]);
  const domains = {
    market: marketDomain(deployment.chainId, deployment.marketplace),
    meters: metersDomain(deployment.chainId, deployment.meters),
  };
  const isSigned = await isSignedByNamed(
    domains,
    { kind: "reading", reading, signature },
    recoverSlowly,
  );
  return isTheSame && isSigned ? "signed" : "forged";
}
