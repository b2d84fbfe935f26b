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
    release: t({ message: "Release", context: "an act" }),
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
    meter: t`Every reading and promise comes from a registered meter`,
    "reported-once": t`No slot of a meter is reported twice`,
    "reading-time": t`No slot is reported before it ended or outside the meter's service`,
    capacity: t`No slot exceeds what the meter can export`,
    sun: t`No solar energy at night or above the clearest sky`,
    minting: t`Energy minted, kept for forwards and lost on lines is the energy reported`,
    holdings: t`Nobody gives away energy or money that they do not have`,
    "order-signature": t`Every order is signed by its maker, its lock's signer, a delegate or its wallet`,
    "order-terms": t`Every trade keeps its orders' slots, sources and counterparties`,
    price: t`A posted price is paid exactly, within the other side's limit`,
    "community-price": t`Two limits trade at the community price of the slot`,
    overfill: t`No order is filled beyond what was signed`,
    deadline: t`No order is filled after its deadline`,
    counter: t`No order is filled once its maker has raised the counter`,
    cancelled: t`No cancelled order is filled`,
    skips: t`No match is skipped, and no block kept from release, without a reason`,
    allowance: t`No delegate spends beyond its allowance`,
    mandates: t`What is done for a household is what it has signed`,
    fees: t`Network fees and wheeling charges are what was due`,
    loss: t`Tie lines lose what was agreed`,
    "line-capacity": t`Tie lines carry no more than agreed`,
    island: t`Islanded and closed microgrids keep their rules`,
    shares: t`What was promised first is served first`,
    refunds: t`Shortfalls are refunded and bonds forfeited`,
    escrow: t`The escrow holds all accounts, locked payments and bonds`,
    lock: t`Locked money moves only in fills by the lock's settler`,
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
