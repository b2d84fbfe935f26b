import { type Address, isAddressEqual } from "viem";
import { type AccountMovement, MOVEMENT_KINDS } from "../history.ts";
import type { BillingPeriod } from "./period.ts";
import { roundHalf, roundParts } from "./round.ts";
import type { MemberStatement } from "./run.ts";

/**
 * An escrow account from the start to the end of a period, by kind of movement. The balances are rounded, and the rows so
 * that they lead from one to the other.
 * @param unit What a unit of the invoice's currency is in thousandths of a base unit.
 */
export function accountOf(
  movements: readonly AccountMovement[],
  { from, to }: Pick<BillingPeriod, "from" | "to">,
  currency: Address,
  holder: Address,
  unit: bigint,
): MemberStatement["account"] {
  const own = movements.filter(
    (each) => isAddressEqual(each.holder, holder) && isAddressEqual(each.currency, currency),
  );
  const openingMillis = sumOf(own.filter(({ time }) => time < from));
  const within = own.filter(({ time }) => time >= from && time < to);
  const closingMillis = openingMillis + sumOf(within);
  const sums = MOVEMENT_KINDS.map((kind) => ({
    kind,
    amountMillis: sumOf(within.filter((each) => each.kind === kind)),
  })).filter(({ amountMillis }) => amountMillis !== 0n);
  const [openingUnits, closingUnits] = [
    roundHalf(openingMillis, unit),
    roundHalf(closingMillis, unit),
  ];
  const rounded = roundParts(
    sums.length === 0 ? 0n : closingUnits - openingUnits,
    sums.map(({ amountMillis }) => amountMillis),
    unit,
  );
  const rows = sums.map((sum, index) => ({ ...sum, amountUnits: rounded[index] ?? 0n }));
  return { openingMillis, closingMillis, openingUnits, closingUnits, rows };
}

const sumOf = (movements: readonly AccountMovement[]): bigint =>
  movements.reduce((sum, { amountMillis }) => sum + amountMillis, 0n);
