import { useLingui } from "@lingui/react/macro";
import { type Check, SOURCES } from "@wattline/sdk";
import { useSourceNames } from "../ui/index.ts";
import type { HistoryRow } from "./history.ts";

/** The name of each kind of settlement. */
export function useTypeNames(): Readonly<Record<HistoryRow["type"], string>> {
  const { t } = useLingui();
  return {
    accept: t`Purchase`,
    settle: t`Batch match`,
    reserve: t`Reservation`,
    release: t`Release`,
  };
}

/** Gives the name of a source by its number; undefined for a number that a contract should not have used. */
export function useSourceName(): (source: number) => string | undefined {
  const names = useSourceNames();
  return (source) => {
    const known = SOURCES[source];
    return known && names[known];
  };
}

/** What each check verifies. */
export function useCheckNames(): Readonly<Record<Check, string>> {
  const { t } = useLingui();
  return {
    "reading-signature": t`Every reading is signed by its meter's device key`,
    meter: t`Every reading comes from a registered meter that is in service`,
    "reported-once": t`No slot of a meter is reported twice`,
    "reading-time": t`No slot is reported before it ended or before the meter's first day`,
    capacity: t`No slot exceeds what the meter can export`,
    sun: t`No solar energy at night or above the clearest sky`,
    minting: t`Energy minted, owed to forwards and lost on tie lines is the energy reported`,
    holdings: t`Nobody gives away energy or money that they do not have`,
    "order-signature": t`Every order is signed by its maker, a delegate or its wallet`,
    "order-terms": t`Every trade keeps its order's slots, sources and counterparty`,
    price: t`Every trade is paid at its order's price, within the taker's limit`,
    "uniform-price": t`Every slot of a batch has one price, the midpoint`,
    overfill: t`No order is filled beyond what was signed`,
    deadline: t`No order is filled after its deadline`,
    counter: t`No order is filled once its maker has raised the counter`,
    cancelled: t`No cancelled order is filled`,
    skips: t`No match of a batch is skipped without a reason`,
    allowance: t`No delegate spends beyond its allowance`,
    fees: t`Network fees and wheeling charges are what was due`,
    loss: t`Tie lines lose what was agreed`,
    "line-capacity": t`Tie lines carry no more than agreed`,
    island: t`Islanded and closed microgrids keep their rules`,
    shares: t`Every forward gets its share of what was delivered`,
    refunds: t`Shortfalls are refunded and bonds forfeited`,
    escrow: t`The escrow holds all accounts, locked payments and bonds`,
    lock: t`No locked money is withdrawn early`,
    withdrawal: t`Money that is not locked can be withdrawn`,
    hooks: t`No market move runs a hook`,
    calldata: t`Events say what the transactions asked for`,
    logs: t`Logs fit their blocks and one another`,
    state: t`Rebuilt balances, fills and positions are those of the chain`,
  };
}

/** What must always hold, by the number in a check's `promise`. */
export function usePromises(): readonly { readonly number: number; readonly text: string }[] {
  const { t } = useLingui();
  return [
    t`The escrow holds every balance, every locked payment and every bond.`,
    t`All reported energy is held by someone, retired, owed to a forward or lost on a tie line: none was invented.`,
    t`No order was filled beyond what was signed, at a worse price, after its end or once cancelled.`,
    t`No meter reported a slot twice, or more than it can export.`,
    t`Money that is not locked can always be withdrawn.`,
    t`Nobody who receives money or energy can block a batch.`,
  ].map((text, index) => ({ number: index + 1, text }));
}
