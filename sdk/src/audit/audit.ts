import { recoverAddress } from "viem";
import { actsOf } from "../history/acts.ts";
import { type Contracts, decodeLog, type HistoryEvent } from "../history/events.ts";
import { marketDomain, metersDomain } from "../typedData.ts";
import { type Call, callsOf, type SeenCalls } from "./calls.ts";
import type { ChainBlock, ChainTransaction } from "./chain.ts";
import type { Finding, Verdict } from "./checks.ts";
import type { AuditContext, IsAccepted } from "./context.ts";
import { freeze, thaw } from "./freeze.ts";
import type { AuditRow } from "./rows.ts";
import { judgeActs } from "./rules/acts.ts";
import { type Claim, isSignedByNamed, type Recover } from "./signing.ts";
import { type AuditState, emptyState } from "./state.ts";
import { Tally } from "./tally.ts";

/** How to audit. */
export interface AuditOptions {
  readonly chainId: number;
  readonly contracts: Contracts;
  /** False to skip signatures. */
  readonly signatures?: boolean;
  /** The first block that is judged; earlier ones are only recorded, so that balances are right. */
  readonly fromBlock?: number;
  /** Rows and findings of one microgrid only; all events are recorded anyway. */
  readonly microgrid?: number;
  /** Recovers the signer of a signature; by default in JavaScript, with viem. */
  readonly recover?: Recover;
  /** Judges many claims at once, each as `isSignedByNamed` does; for use with workers. */
  readonly judge?: (claims: readonly Claim[]) => Promise<readonly boolean[]>;
  /** Asks contract wallets; without it their signatures can't be judged. */
  readonly isAccepted?: IsAccepted;
  readonly onRow?: (row: AuditRow) => void;
  readonly onFinding?: (finding: Finding) => void;
}

/** A running audit. */
export interface Audit {
  readonly state: AuditState;
  /** Judges the next blocks, in chain order. */
  blocks(blocks: readonly ChainBlock[]): Promise<void>;
  /** Counts and findings, also of checks made elsewhere against the chain's state. */
  readonly tally: Tally;
  verdicts(): Verdict[];
  /** The state from which {@link createAudit} can resume at the following block. */
  freeze(): string;
}

const ONLY_LOW_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The signer's address as the contracts recover it: from 64 or 65 bytes, with a low s. */
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
 * Audits a chain's history block by block, without I/O, so that a command, a browser worker and a test can all use it.
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
    const common = { block, transaction, ...seen };
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

  /** For every order and reading in the transactions: whether the account or device it names signed it. */
  async function signedOf(readings: readonly ReadTransaction[]) {
    if (!signatures) return new Map<object, boolean>();
    const claims = readings
      .filter(({ block }) => block.number >= fromBlock)
      .flatMap(({ calls }) => calls.flatMap(claimsOf));
    const verdicts = await judge(claims);
    return new Map(claims.map((claim, index) => [subjectOf(claim), verdicts[index] === true]));
  }

  async function judgeTransaction(
    { block, transaction, events, broken, ...seen }: ReadTransaction,
    signed: ReadonlyMap<object, boolean>,
  ): Promise<void> {
    const isJudged = block.number >= fromBlock;
    const at = { block: block.number, transaction: transaction.hash };
    const context: AuditContext = {
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
    context.checked("logs");
    if (broken !== undefined) {
      context.found("logs", "unreadable-logs", { reason: broken });
      return;
    }
    try {
      await judgeActs(context, actsOf(contracts, events), seen);
    } catch (error) {
      // A lane overflowed or the events are in an order that no contract emits: the rest can't be recorded.
      if (!(error instanceof Error)) throw error;
      context.found("logs", "unreadable-logs", { reason: reasonOf(error) });
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

interface ReadTransaction extends SeenCalls {
  readonly block: ChainBlock;
  readonly transaction: ChainTransaction;
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
