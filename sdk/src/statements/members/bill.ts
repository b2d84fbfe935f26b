import type { Hex } from "viem";
import type { StatementHistory } from "../history.ts";
import { accountOf } from "./account.ts";
import type { BilledCommunity, Member, Tax } from "./config.ts";
import { type Draft, documentDue, type ExactRow, rowsOf } from "./documents.ts";
import { type BillingPeriod, billingPeriod } from "./period.ts";
import { roundHalf, roundParts } from "./round.ts";
import type { BillingDocument, BillingRow, BillingRun, MemberStatement } from "./run.ts";
import { DIRECTIONS, type Direction, type TradeLine, tradeLines } from "./trades.ts";

/** What is to be billed. */
export interface BillingOrder {
  readonly community: BilledCommunity;
  /** `2026-06`, `2026-Q2` or `2026`. */
  readonly label: string;
  /** `YYYY-MM-DD`. */
  readonly issuedOn: string;
  /** A final run takes document numbers and needs a period that is over; a preview does neither. */
  readonly isFinal: boolean;
  /** The last block of the history; its time in Unix seconds. */
  readonly end: { readonly number: number; readonly hash: Hex; readonly timestamp: number };
}

/** A run can't be made as ordered; the message says what to do instead. */
export class BillingError extends Error {}

/**
 * A community's statements and documents for a period.
 * @param earlier All final runs so far, oldest first: what they billed is corrected where the history says otherwise now,
 * and document numbers go on from theirs.
 * @throws BillingError when the period does not follow the last run's, is not over, or the runs are of another market;
 * RangeError when the label is no period.
 */
export function bill(
  history: StatementHistory,
  order: BillingOrder,
  earlier: readonly BillingRun[],
): BillingRun {
  const { community, end, isFinal } = order;
  const { currency, members } = community;
  const place = history.microgrids.get(community.microgrid);
  if (place === undefined) {
    throw new BillingError(`The chain has no microgrid ${community.microgrid}.`);
  }
  const { currency: token, slotSeconds } = place;
  const period = billingPeriod(order.label, community.timeZone, slotSeconds);
  expectFollows(history, order, period, earlier);
  // Base units are counted in thousandths.
  const unit = 10n ** BigInt(currency.decimals - currency.shown) * 1000n;
  let lastNumber = earlier.at(-1)?.lastNumber ?? 0;
  const numbered = (draft: Draft): BillingDocument => {
    lastNumber++;
    const number = isFinal
      ? `${community.numberPrefix}${String(lastNumber).padStart(6, "0")}`
      : `PREVIEW-${lastNumber}`;
    return { number, ...draft };
  };
  const statements = membersOf(members, earlier).flatMap(({ member, isMember }) => {
    const statement = statementOf(member, isMember);
    return isMember || statement.documents.length > 0 ? [statement] : [];
  });
  return {
    format: "wattline-billing-run-1",
    isFinal,
    issuedOn: order.issuedOn,
    issuer: community.issuer,
    currency,
    timeZone: community.timeZone,
    chainId: history.chainId,
    marketplace: history.contracts.marketplace,
    microgrid: community.microgrid,
    slotSeconds,
    period,
    block: { number: end.number, hash: end.hash },
    lastNumber,
    statements,
  };

  function statementOf(member: Member, isMember: boolean): MemberStatement {
    const lines = (direction: Direction, of: BillingPeriod): TradeLine[] =>
      tradeLines(history, { ...of, microgrid: community.microgrid }, member.account, direction);
    const due = (direction: Direction, of: BillingPeriod): ExactRow[] =>
      rowsOf(lines(direction, of).filter(({ isGrid }) => !isGrid));
    const corrections = earlier.flatMap((run) => {
      const theirs = run.statements.find((each) => each.member.account === member.account);
      if (!theirs?.isMember) return [];
      return DIRECTIONS.flatMap((direction) => {
        const billed = billedOf(earlier, member, direction, run.period.label);
        const tax = taxOf(member, direction);
        const draft = documentDue(direction, run.period.label, due(direction, run.period), billed, {
          isCorrection: true,
          tax,
          unit,
        });
        return draft ?? [];
      });
    });
    const invoices = isMember
      ? DIRECTIONS.flatMap(
          (direction) =>
            documentDue(direction, period.label, due(direction, period), [], {
              isCorrection: false,
              tax: taxOf(member, direction),
              unit,
            }) ?? [],
        )
      : [];
    const bought = isMember ? lines("bought", period) : [];
    const sold = isMember ? lines("sold", period) : [];
    return {
      member,
      isMember,
      language: member.language ?? community.language,
      bought: roundedRows(rowsOf(bought), unit),
      sold: roundedRows(rowsOf(sold), unit),
      comparison: {
        bought: comparisonOf(bought, unit, -1n),
        sold: comparisonOf(sold, unit, 1n),
      },
      account: accountOf(history.movements, period, token, member.account, unit),
      documents: [...corrections, ...invoices].map(numbered),
    };
  }

  function taxOf({ kind, number }: Member, direction: Direction): Tax {
    const tax = community.kinds[kind]?.[direction];
    if (tax !== undefined) return tax;
    throw new BillingError(`Member ${number} is of the kind "${kind}", which has no tax.`);
  }
}

/** Members, and those of earlier runs whose documents may have to be corrected. */
function membersOf(
  members: readonly Member[],
  earlier: readonly BillingRun[],
): { readonly member: Member; readonly isMember: boolean }[] {
  const known = new Map(members.map((member) => [member.account, { member, isMember: true }]));
  for (const { statements } of [...earlier].reverse()) {
    for (const { member } of statements) {
      if (!known.has(member.account)) known.set(member.account, { member, isMember: false });
    }
  }
  const numbers = new Map<string, Member>();
  for (const { member } of known.values()) {
    const other = numbers.get(member.number.toLowerCase());
    if (other !== undefined) {
      throw new BillingError(
        `The number ${member.number} of ${other.name} was ${member.name}'s before: give ${other.name} another.`,
      );
    }
    numbers.set(member.number.toLowerCase(), member);
  }
  return [...known.values()];
}

/** Everything that was billed of a period to a member so far. */
const billedOf = (
  runs: readonly BillingRun[],
  { account }: Member,
  direction: Direction,
  period: string,
): BillingDocument[] =>
  runs
    .flatMap(({ statements }) => statements)
    .filter(({ member }) => member.account === account)
    .flatMap(({ documents }) => documents)
    .filter((document) => document.direction === direction && document.period === period);

function roundedRows(rows: readonly ExactRow[], unit: bigint): BillingRow[] {
  const amounts = rows.map(({ amountMillis }) => amountMillis);
  const total = roundHalf(
    amounts.reduce((sum, each) => sum + each, 0n),
    unit,
  );
  const rounded = roundParts(total, amounts, unit);
  return rows.map((row, index) => ({ ...row, amountUnits: rounded[index] ?? 0n }));
}

/** @param sign 1 where more is better, -1 where less is. */
function comparisonOf(lines: readonly TradeLine[], unit: bigint, sign: bigint) {
  const sum = (of: (line: TradeLine) => bigint): bigint =>
    lines.reduce((total, line) => total + of(line), 0n);
  const amountUnits = roundHalf(
    sum(({ priceMillis, feeMillis }) => priceMillis + feeMillis),
    unit,
  );
  const gridUnits = roundHalf(
    sum(({ gridMillis }) => gridMillis),
    unit,
  );
  return {
    energyWh: sum(({ energyWh }) => energyWh),
    amountUnits,
    gridUnits,
    gainUnits: sign * (amountUnits - gridUnits),
  };
}

/** Runs follow one another without a gap, on one market. */
function expectFollows(
  history: StatementHistory,
  { label, end, isFinal, community }: BillingOrder,
  period: BillingPeriod,
  earlier: readonly BillingRun[],
): void {
  if (isFinal && end.timestamp < period.to) {
    throw new BillingError(
      `${label} ends at ${new Date(period.to * 1000).toISOString()}, and the chain is at ${new Date(end.timestamp * 1000).toISOString()}: make a preview, or wait.`,
    );
  }
  const last = earlier.at(-1);
  if (last === undefined) return;
  const { chainId, contracts } = history;
  if (
    last.chainId !== chainId ||
    last.marketplace !== contracts.marketplace ||
    last.microgrid !== community.microgrid
  ) {
    throw new BillingError(
      `Earlier runs are of microgrid ${last.microgrid} of the marketplace ${last.marketplace} on chain ${last.chainId}, not of microgrid ${community.microgrid} of ${contracts.marketplace} on chain ${chainId}: use a folder of its own.`,
    );
  }
  if (end.number < last.block.number) {
    throw new BillingError(
      `The node is at block ${end.number}; the last final run rests on block ${last.block.number}: wait, or ask another node.`,
    );
  }
  const { currency } = last;
  if (
    currency.decimals !== community.currency.decimals ||
    currency.shown !== community.currency.shown
  ) {
    throw new BillingError(
      `Earlier runs count ${currency.shown} of ${currency.decimals} decimals, not ${community.currency.shown} of ${community.currency.decimals}: corrections would not add up.`,
    );
  }
  const known = earlier.find((run) => run.period.label === label);
  if (known !== undefined) {
    throw new BillingError(
      `${label} has its final run, which can't change: what has come since is corrected by the next period's run.`,
    );
  }
  if (period.firstSlot !== last.period.lastSlot + 1) {
    throw new BillingError(
      `${label} does not follow ${last.period.label}, the last final run: nothing may be billed twice or left out.`,
    );
  }
}
