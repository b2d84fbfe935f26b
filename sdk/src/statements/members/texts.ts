import type { Source } from "../../energyId.ts";
import type { MovementKind } from "../history.ts";
import type { Language } from "./config.ts";
import type { Direction } from "./trades.ts";

/** The words of statements in one language. */
export interface StatementTexts {
  /** For numbers and dates. */
  readonly locale: string;
  readonly csvDelimiter: string;
  readonly statement: string;
  readonly preview: string;
  readonly period: string;
  readonly member: string;
  readonly account: string;
  readonly issuedOn: string;
  readonly taxNumber: string;
  readonly title: Readonly<Record<Direction, string>>;
  readonly invoice: Readonly<Record<Direction, string>>;
  /** A correction that lowers what was billed, and one that adds to it. */
  readonly creditNote: string;
  readonly supplement: string;
  readonly corrects: string;
  readonly forPeriod: string;
  readonly columns: Readonly<Record<"item" | "source" | "energy" | "price" | "amount", string>>;
  readonly grid: string;
  readonly fees: string;
  readonly total: string;
  readonly net: string;
  readonly tax: string;
  readonly gross: string;
  readonly comparison: string;
  readonly market: string;
  readonly tariff: Readonly<Record<Direction, string>>;
  readonly utility: string;
  readonly gain: string;
  readonly none: string;
  readonly escrow: string;
  readonly opening: string;
  readonly closing: string;
  readonly movements: Readonly<Record<MovementKind, string>>;
  readonly sources: Readonly<Record<Source, string>>;
  readonly notes: readonly string[];
  readonly block: string;
  readonly csv: readonly string[];
}

export const STATEMENT_TEXTS: Readonly<Record<Language, StatementTexts>> = {
  en: {
    locale: "en-GB",
    csvDelimiter: ",",
    statement: "Statement",
    preview: "Preview: not an invoice",
    period: "Period",
    member: "Member",
    account: "Account",
    issuedOn: "Issued on",
    taxNumber: "Tax number",
    title: { bought: "Energy bought", sold: "Energy sold" },
    invoice: { bought: "Invoice", sold: "Self-billed invoice" },
    creditNote: "Credit note",
    supplement: "Supplementary invoice",
    corrects: "Corrects",
    forPeriod: "Delivered in",
    columns: {
      item: "Neighbour",
      source: "Source",
      energy: "Energy (kWh)",
      price: "Average price per kWh",
      amount: "Amount",
    },
    grid: "Grid (billed by the utility)",
    fees: "Network fees and wheeling charges",
    total: "Total",
    net: "Net",
    tax: "Tax",
    gross: "Total including tax",
    comparison: "Compared with the utility's tariff",
    market: "On the market",
    utility: "At the utility's tariff",
    tariff: { bought: "retail tariff", sold: "feed-in tariff" },
    gain: "Saved or earned",
    none: "None in this period.",
    escrow: "Escrow account",
    opening: "Opening balance",
    closing: "Closing balance",
    movements: {
      deposit: "Deposits",
      withdrawal: "Withdrawals",
      sale: "Sales paid",
      purchase: "Purchases paid",
      charge: "Network fees and wheeling charges received",
      locked: "Locked for forwards",
      returned: "Returned from forwards",
      bond: "Bonds for shortfalls",
    },
    sources: {
      Solar: "Solar",
      Wind: "Wind",
      Hydro: "Hydro",
      Biogas: "Biogas",
      Cogeneration: "Cogeneration",
      Storage: "Storage",
      Grid: "Grid",
    },
    notes: [
      "Energy counts in the slot in which it was delivered; the account counts payments when they were made.",
      "Rows are rounded so that they add up to the rounded total: the largest fractions are rounded up.",
      "All amounts were settled through the escrow account; nothing is to be paid.",
    ],
    block: "Read from the chain up to block",
    csv: [
      "number",
      "document",
      "issued_on",
      "period",
      "corrects",
      "member_number",
      "member",
      "account",
      "item",
      "source",
      "energy_kwh",
      "gross",
      "net",
      "tax",
      "tax_rate",
      "currency",
    ],
  },
  de: {
    locale: "de-DE",
    csvDelimiter: ";",
    statement: "Abrechnung",
    preview: "Vorschau: keine Rechnung",
    period: "Zeitraum",
    member: "Mitglied",
    account: "Konto",
    issuedOn: "Ausgestellt am",
    taxNumber: "Steuernummer",
    title: { bought: "Bezogene Energie", sold: "Verkaufte Energie" },
    invoice: { bought: "Rechnung", sold: "Gutschrift (Abrechnung durch den Abnehmer)" },
    creditNote: "Rechnungskorrektur (Minderung)",
    supplement: "Rechnungskorrektur (Nachverrechnung)",
    corrects: "Berichtigt",
    forPeriod: "Geliefert in",
    columns: {
      item: "Nachbar",
      source: "Quelle",
      energy: "Energie (kWh)",
      price: "Durchschnittspreis je kWh",
      amount: "Betrag",
    },
    grid: "Netz (rechnet der Versorger ab)",
    fees: "Netzentgelte und Durchleitungsentgelte",
    total: "Summe",
    net: "Netto",
    tax: "Steuer",
    gross: "Summe inklusive Steuer",
    comparison: "Verglichen mit dem Tarif des Versorgers",
    market: "Auf dem Markt",
    utility: "Zum Tarif des Versorgers",
    tariff: { bought: "Bezugstarif", sold: "Einspeisetarif" },
    gain: "Erspart oder mehr verdient",
    none: "Keine in diesem Zeitraum.",
    escrow: "Treuhandkonto",
    opening: "Anfangsstand",
    closing: "Endstand",
    movements: {
      deposit: "Einzahlungen",
      withdrawal: "Auszahlungen",
      sale: "Erlöse aus Verkäufen",
      purchase: "Bezahlte Einkäufe",
      charge: "Erhaltene Netz- und Durchleitungsentgelte",
      locked: "Für Termingeschäfte gebunden",
      returned: "Aus Termingeschäften frei",
      bond: "Kautionen für Fehlmengen",
    },
    sources: {
      Solar: "Sonne",
      Wind: "Wind",
      Hydro: "Wasser",
      Biogas: "Biogas",
      Cogeneration: "Kraft-Wärme-Kopplung",
      Storage: "Speicher",
      Grid: "Netz",
    },
    notes: [
      "Energie zählt in dem Lieferzeitraum, in dem sie geliefert wurde; das Konto zählt Zahlungen, wenn sie geleistet wurden.",
      "Zeilen sind so gerundet, dass sie die gerundete Summe ergeben: Die größten Bruchteile werden aufgerundet.",
      "Alle Beträge sind über das Treuhandkonto beglichen; es ist nichts zu zahlen.",
    ],
    block: "Aus der Chain gelesen bis Block",
    csv: [
      "Nummer",
      "Beleg",
      "Ausgestellt_am",
      "Zeitraum",
      "Berichtigt",
      "Mitgliedsnummer",
      "Mitglied",
      "Konto",
      "Position",
      "Quelle",
      "Energie_kWh",
      "Brutto",
      "Netto",
      "Steuer",
      "Steuersatz",
      "Währung",
    ],
  },
};
