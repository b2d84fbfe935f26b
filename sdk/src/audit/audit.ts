import { recoverAddress } from "viem";
import { actsOf } from "../history/acts.ts";
import { type Contracts, decodeLog, type HistoryEvent } from "../history/events.ts";
import { marketDomain, metersDomain } from "../typedData.ts";
import { type Call, callsOf } from "./calls.ts";
import type { ChainBlock, ChainTransaction } from "./chain.ts";
import type { Finding, Verdict } from "./checks.ts";
import { freeze, thaw } from "./freeze.ts";
import type { AuditRow } from "./rows.ts";
import { judgeActs } from "./rules/acts.ts";
import type { IsAccepted, Scene } from "./scene.ts";
import { type Claim, isSignedByNamed, type Recover } from "./signing.ts";
import { type AuditState, emptyState } from "./state.ts";
import { Tally } from "./tally.ts";

/** How to audit. */
export interface AuditOptions {
  readonly chainId: number;
  readonly contracts: Contracts;
  /** False to leave signatures out. */
  readonly signatures?: boolean;
  /** The first block that is judged; those before it are only booked, for balances to be right. */
  readonly fromBlock?: number;
  /** Rows and findings of one microgrid only; everything is booked all the same. */
  readonly microgrid?: number;
  /** Whose key made a signature; without it viem's JavaScript tells. */
  readonly recover?: Recover;
  /** Judges many claims at once, each as `isSignedByNamed` does: a place for workers. */
  readonly judge?: (claims: readonly Claim[]) => Promise<readonly boolean[]>;
  /** Asks contract wallets; without it their signatures can't be judged. */
  readonly isAccepted?: IsAccepted;
  readonly onRow?: (row: AuditRow) => void;
  readonly onFinding?: (finding: Finding) => void;
}

/** An audit under way. */
export interface Audit {
  readonly state: AuditState;
  /** Judges the next blocks, in the chain's order. */
  blocks(blocks: readonly ChainBlock[]): Promise<void>;
  /** What is found elsewhere, against the chain's state. */
  readonly tally: Tally;
  verdicts(): Verdict[];
  /** Everything that an audit of the following blocks needs, for {@link createAudit}. */
  freeze(): string;
}

const ONLY_LOW_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The address whose key made a signature, as the contracts see it: 64 or 65 bytes, a low s. */
export const recoverSlowly: Recover = async (digest, signature) => {
  const length = (signature.length - 2) / 2;
  if (length !== 64 && length !== 65) return undefined;
  const word = BigInt(`0x${signature.slice(66, 130)}`);
  const s = length === 64 ? word & ((1n << 255n) - 1n) : word;
  const v = length === 64 ? 27n : BigInt(`0x${signature.slice(130)}`);
  if (s > ONLY_LOW_S || (v !== 27n && v !== 28n)) return undefined;
  return recoverAddress({ hash: digest, signature }).catch(() => undefined);
};

/**
 * Audits a chain's history block by block: pure, so that a command, a worker in a browser and a test can do it alike.
 * @param resume What {@link Audit.freeze} returned after the block before the next one.
 */
export function createAudit(options: AuditOptions, resume?: string): Audit {
  const { chainId, contracts, signatures = true, fromBlock = 0 } = options;
  const recover = options.recover ?? recoverSlowly;
  const domains = {
    market: marketDomain(chainId, contracts.marketplace),
    meters: metersDomain(chainId, contracts.meters),
  };
  const judge =
    options.judge ??
    ((claims) => Promise.all(claims.map((claim) => isSignedByNamed(domains, claim, recover))));
  const kept = resume === undefined ? undefined : (thaw(resume) as Kept);
  const state = kept?.state ?? emptyState();
  const tally = new Tally(options, kept?.tally);

  async function blocks(next: readonly ChainBlock[]): Promise<void> {
    const readings = next.flatMap((block) =>
      block.transactions.map((transaction) => read(block, transaction)),
    );
    const signed = await signedOf(readings);
    for (const reading of readings) await judgeTransaction(reading, signed);
  }

  function read(block: ChainBlock, transaction: ChainTransaction): ReadTransaction {
    const seen = callsOf(contracts, transaction);
    const common = { block, transaction, calls: seen.calls, hidden: seen.hidden };
    try {
      const events: HistoryEvent[] = [];
      for (const log of transaction.logs) {
        const event = decodeLog(contracts, log);
        if (event !== undefined) events.push(event);
      }
      return { ...common, events };
    } catch (error) {
      return { ...common, events: [], broken: reasonOf(error) };
    }
  }

  /** Whether who is named in it has signed, for every order and reading that the transactions brought. */
  async function signedOf(readings: readonly ReadTransaction[]) {
    if (!signatures) return new Map<object, boolean>();
    const claims = readings
      .filter(({ block }) => block.number >= fromBlock)
      .flatMap(({ calls }) => calls.flatMap(claimsOf));
    const verdicts = await judge(claims);
    return new Map(claims.map((claim, index) => [subjectOf(claim), verdicts[index] === true]));
  }

  async function judgeTransaction(
    { block, transaction, calls, hidden, events, broken }: ReadTransaction,
    signed: ReadonlyMap<object, boolean>,
  ): Promise<void> {
    const isJudged = block.number >= fromBlock;
    const at = { block: block.number, transaction: transaction.hash };
    const scene: Scene = {
      state,
      contracts,
      domains,
      blockNumber: block.number,
      time: block.timestamp,
      transaction: transaction.hash,
      checksSignatures: signatures && isJudged,
      isSignedByNamed: (claim) => signed.get(subjectOf(claim)) === true,
      recover,
      isAccepted: options.isAccepted ?? (async () => undefined),
      checked: (check, count) => isJudged && tally.checked(check, count),
      unseen: (check, why) => isJudged && tally.unseen(check, why),
      found: (check, code, values, microgrid) => {
        if (isJudged) tally.found({ ...at, check, code, values, microgrid });
      },
      row: (row) => {
        if (isJudged && isOf(row, options.microgrid)) options.onRow?.(row);
      },
    };
    scene.checked("logs");
    if (broken !== undefined) {
      scene.found("logs", "unreadable-logs", { reason: broken });
      return;
    }
    try {
      await judgeActs(scene, actsOf(contracts, events), { calls, hidden });
    } catch (error) {
      // Sums that leave a lane and sequences that no contract emits: what is left can't be booked.
      if (!(error instanceof Error)) throw error;
      scene.found("logs", "unreadable-logs", { reason: reasonOf(error) });
    }
  }

  return {
    state,
    blocks,
    tally,
    verdicts: () => tally.verdicts(),
    freeze: () => freeze({ state, tally: tally.kept() }),
  };
}

interface Kept {
  readonly state: AuditState;
  readonly tally: ReturnType<Tally["kept"]>;
}

interface ReadTransaction {
  readonly block: ChainBlock;
  readonly transaction: ChainTransaction;
  readonly calls: readonly Call[];
  readonly hidden: boolean;
  readonly events: readonly HistoryEvent[];
  readonly broken?: string;
}

function claimsOf(call: Call): Claim[] {
  switch (call.kind) {
    case "report":
      return [{ kind: "reading", reading: call.reading, signature: call.signature }];
    case "accept":
    case "reserve":
      return [{ kind: "order", order: call.order, signature: call.signature }];
    case "settle":
      return call.orders.map((order, index) => ({
        kind: "order" as const,
        order,
        signature: call.signatures[index] ?? "0x",
      }));
    default:
      return [];
  }
}

const subjectOf = (claim: Claim): object => (claim.kind === "order" ? claim.order : claim.reading);

function isOf(row: AuditRow, microgrid: number | undefined): boolean {
  if (microgrid === undefined) return true;
  if (row.kind === "settlement") return row.from === microgrid || row.to === microgrid;
  return row.microgrid === microgrid;
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
