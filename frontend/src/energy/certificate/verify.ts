import {
  actsOf,
  decodeLog,
  type EnergyMove,
  type HistoryEvent,
  isSignedByNamed,
  LANES,
  laneOf,
  marketDomain,
  metersAbi,
  metersDomain,
  recoverSlowly,
} from "@wattline/sdk";
import { type Address, type Client, decodeFunctionData, type Hex, isAddressEqual } from "viem";
import { getBlock, getBlockNumber, getTransaction } from "viem/actions";
import { contractsOf, readEvents } from "../../chain/index.ts";
import { contractsIn, plainLog } from "../history/acts.ts";
import type { Certificate } from "./read.ts";

/** How a check came out; "open" when the chain alone can't tell. */
export type Result = "proved" | "failed" | "open";

/** What was checked of a certificate, all of it against one RPC endpoint. */
export interface Verification {
  /** The newest block that was looked at. */
  readonly head: bigint;
  /** The transaction succeeded, and its block is part of the chain. */
  readonly onChain: Result;
  /** The same transaction has taken exactly this energy out of the holder's balance, for nobody. */
  readonly burnt: Result;
  /** In every slot, all that was retired so far is at most what meters of the microgrid reported. */
  readonly supply: Result;
  /** Reported by meters of the source in the certificate's slots, and all that is retired of it, this included. Wh. */
  readonly reportedWh: bigint;
  readonly retiredWh: bigint;
  /** Sent here over tie lines in these slots. Wh. */
  readonly arrivedWh: bigint;
  /** Whether the devices' own keys have signed those readings. */
  readonly signatures: Result;
  readonly readings: { readonly signed: number; readonly forged: number; readonly unseen: number };
  readonly meters: number;
  /** Wh of each token id that earlier retirements have taken: they number the certificates. */
  readonly retiredBefore: readonly (readonly [slot: number, wh: bigint])[];
}

/** Checks a certificate from the chain's events and transactions alone. */
export async function verify(
  client: Client,
  certificate: Certificate,
  signal: AbortSignal,
): Promise<Verification> {
  const slots = new Set(certificate.energyWh.map(([slot]) => slot));
  const [head, onChain, reported, retired, arrivedWh] = await Promise.all([
    getBlockNumber(client),
    isOnChain(client, certificate),
    readingsIn(client, certificate, slots, signal),
    retiredIn(client, certificate, slots, signal),
    arrivalsIn(client, certificate, slots, signal),
  ]);
  const signed = await Promise.all(
    reported.events.map((event) => signatureOf(client, certificate, event)),
  );
  const count = (state: (typeof signed)[number]) => signed.filter((one) => one === state).length;
  const readings = { signed: count("signed"), forged: count("forged"), unseen: count("unseen") };
  const short = [...slots].some(
    (slot) => (retired.upToNow.get(slot) ?? 0n) > (reported.wh.get(slot) ?? 0n),
  );
  return {
    head,
    onChain,
    burnt: isBurnt(certificate),
    supply: !short ? "proved" : arrivedWh > 0n ? "open" : "failed",
    reportedWh: sumOf(reported.wh),
    retiredWh: sumOf(retired.upToNow),
    arrivedWh,
    signatures:
      readings.forged > 0
        ? "failed"
        : readings.unseen > 0 || signed.length === 0
          ? "open"
          : "proved",
    readings,
    meters: new Set(reported.events.map(({ args }) => args.meter)).size,
    retiredBefore: [...retired.before],
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

type Slots = ReadonlySet<number>;

/** The readings of the microgrid's meters of this source that reach into these slots, up to the retirement. */
async function readingsIn(
  client: Client,
  { network, microgrid, source, receipt }: Certificate,
  slots: Slots,
  signal: AbortSignal,
) {
  const { meters } = contractsOf(network);
  const since = { fromBlock: BigInt(network.deployment.fromBlock), signal };
  const registered = await readEvents(client, {
    ...meters,
    eventName: "MeterRegistered",
    args: { microgrid },
    ...since,
  });
  const own = registered.filter(({ args }) => args.source === source).map(({ args }) => args.meter);
  const all =
    own.length === 0
      ? []
      : await readEvents(client, {
          ...meters,
          eventName: "Reported",
          args: { meter: own },
          ...since,
        });
  const events = all.filter(
    ({ args, blockNumber }) =>
      blockNumber <= receipt.blockNumber &&
      args.exported.some((word, offset) =>
        lanesIn(args.firstBlock + offset, word, slots).some(([, wh]) => wh > 0n),
      ),
  );
  const profiles = events.map(({ args }) => ({
    firstBlock: args.firstBlock,
    words: args.exported,
  }));
  return { events, wh: addUp(profiles, slots) };
}

/** What was retired of the same energy before this certificate, and up to it. */
async function retiredIn(
  client: Client,
  { network, microgrid, source, receipt, logIndex }: Certificate,
  slots: Slots,
  signal: AbortSignal,
) {
  const all = await readEvents(client, {
    ...contractsOf(network).energy,
    eventName: "Retired",
    args: { microgrid },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  });
  const alike = all.filter(({ args }) => args.source === source);
  const isEarlier = (one: (typeof all)[number]) =>
    one.blockNumber < receipt.blockNumber ||
    (one.blockNumber === receipt.blockNumber && one.logIndex < logIndex);
  const profiles = (some: typeof alike) =>
    some.map(({ args }) => ({ firstBlock: args.firstBlock, words: args.energy }));
  return {
    before: addUp(profiles(alike.filter(isEarlier)), slots),
    upToNow: addUp(
      profiles(
        alike.filter(
          (one) =>
            isEarlier(one) ||
            (one.blockNumber === receipt.blockNumber && one.logIndex === logIndex),
        ),
      ),
      slots,
    ),
  };
}

/** What was sent into the microgrid over tie lines in these slots. Wh. */
async function arrivalsIn(
  client: Client,
  { network, microgrid }: Certificate,
  slots: Slots,
  signal: AbortSignal,
): Promise<bigint> {
  const crossed = await readEvents(client, {
    ...contractsOf(network).marketplace,
    eventName: "Crossed",
    args: { to: microgrid },
    fromBlock: BigInt(network.deployment.fromBlock),
    signal,
  });
  const sent = crossed.map(({ args }) => ({ firstBlock: args.firstBlock, words: args.sent }));
  return sumOf(addUp(sent, slots));
}

interface Profile {
  readonly firstBlock: number;
  readonly words: readonly bigint[];
}

/** Wh by slot of profiles, in these slots only. Guard bits of readings do not count. */
function addUp(profiles: readonly Profile[], slots: Slots): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  for (const { firstBlock, words } of profiles) {
    for (const [offset, word] of words.entries()) {
      for (const [slot, wh] of lanesIn(firstBlock + offset, word, slots)) {
        sums.set(slot, (sums.get(slot) ?? 0n) + wh);
      }
    }
  }
  return sums;
}

const lanesIn = (block: number, word: bigint, slots: Slots) =>
  Array.from(
    { length: LANES },
    (_, lane) => [block * LANES + lane, laneOf(word, lane)] as const,
  ).filter(([slot]) => slots.has(slot));

const sumOf = (wh: ReadonlyMap<number, bigint>): bigint =>
  [...wh.values()].reduce((sum, one) => sum + one, 0n);

/** Whether the meter's own key has signed what was reported; unseen when another contract submitted it. */
async function signatureOf(
  client: Client,
  { network: { deployment } }: Certificate,
  event: {
    readonly transactionHash: Hex;
    readonly args: {
      readonly meter: Address;
      readonly firstBlock: number;
      readonly exported: readonly bigint[];
    };
  },
): Promise<"signed" | "forged" | "unseen"> {
  const { to, input } = await getTransaction(client, { hash: event.transactionHash });
  if (!to || !isAddressEqual(to, deployment.meters)) return "unseen";
  const { functionName, args } = decodeFunctionData({ abi: metersAbi, data: input });
  if (functionName !== "report") return "unseen";
  const [reading, signature] = args;
  const { meter, firstBlock, exported } = event.args;
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
