import type { Address } from "viem";
import { formatAmount } from "../../units.ts";
import type { InvoiceCurrency, Language, Tax } from "./config.ts";
import { roundHalf } from "./round.ts";
import type { BillingDocument, BillingRow, BillingRun } from "./run.ts";
import { STATEMENT_TEXTS, type StatementTexts } from "./texts.ts";

/** How a run's amounts and names are written in one language. */
export interface Shown {
  readonly texts: StatementTexts;
  money(units: bigint): string;
  energy(energyWh: bigint): string;
  /** The average price of a row, base units per kWh rounded half away from zero; empty without energy. */
  price(row: BillingRow): string;
  item(row: BillingRow): string;
  source(row: BillingRow): string;
  title(document: Pick<BillingDocument, "kind" | "direction" | "grossUnits">): string;
  tax(tax: Tax): string;
}

/** Decimals of a kWh. */
const KWH_DECIMALS = 3;

export function shownIn(run: BillingRun, language: Language): Shown {
  const texts = STATEMENT_TEXTS[language];
  const { locale } = texts;
  const { shown, decimals }: InvoiceCurrency = run.currency;
  const names = new Map<Address, string>(
    run.statements.map(({ member }) => [member.account, member.name]),
  );
  return {
    texts,
    money: (units) => formatAmount(units, shown, { shown, locale }),
    energy: (energyWh) => formatAmount(energyWh, KWH_DECIMALS, { shown: KWH_DECIMALS, locale }),
    price: ({ energyWh, amountMillis }) =>
      energyWh === 0n
        ? ""
        : formatAmount(
            energyWh < 0n ? roundHalf(-amountMillis, -energyWh) : roundHalf(amountMillis, energyWh),
            decimals,
            { shown: Math.min(decimals, shown + 2), locale },
          ),
    item: ({ kind, isGrid, counterparty }) => {
      if (kind === "fee") return texts.fees;
      if (isGrid) return texts.grid;
      return counterparty === undefined ? "" : (names.get(counterparty) ?? shortOf(counterparty));
    },
    source: ({ source }) => (source === undefined ? "" : texts.sources[source]),
    title: ({ kind, direction, grossUnits }) => {
      if (kind === "invoice") return texts.invoice[direction];
      return grossUnits < 0n ? texts.creditNote : texts.supplement;
    },
    tax: (tax) =>
      "percent" in tax
        ? `${tax.percent.replace(".", locale === "de-DE" ? "," : ".")} %`
        : tax.text[language],
  };
}

const shortOf = (account: Address): string => `${account.slice(0, 8)}…${account.slice(-6)}`;
