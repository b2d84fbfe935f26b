import type { Level } from "../deals/schedule.ts";

/** A home's meter over the slots of a study. All arrays have one entry per slot. */
export interface StudiedHome {
  /** Unlike any other home's; the last Wh of a slot goes to one of several by it. */
  readonly name: string;
  /** Drawn from the grid, Wh. */
  readonly importedWh: readonly bigint[];
  /** Fed into the grid, Wh; a meter may count both in one slot. */
  readonly exportedWh: readonly bigint[];
}

/** The prices of a slot, in base units per kWh. */
export type StudyLevel = Pick<Level, "pricePerKwh" | "feePerKwh" | "feedInPerKwh" | "retailPerKwh">;

/** Which slots are studied, and what holds in them. */
export interface StudyTerms {
  readonly firstSlot: number;
  readonly slotSeconds: number;
  /** An IANA time zone: its calendar tells the months. */
  readonly timeZone: string;
  readonly levelOf: (slot: number) => StudyLevel;
}

/** What a home trades with its neighbours, slot by slot. Money in thousandths of a base unit. */
export interface HomeTrades {
  /** As it arrives. */
  readonly boughtWh: readonly bigint[];
  /** As it is sent. */
  readonly soldWh: readonly bigint[];
  /** Charges included. */
  readonly paidMillis: readonly bigint[];
  /** Charges deducted. */
  readonly receivedMillis: readonly bigint[];
}

/** A home's energy and money over a run of slots. Money in thousandths of a base unit. */
export interface StudySums {
  readonly importedWh: bigint;
  readonly exportedWh: bigint;
  /** Bought from neighbours, a part of the import. */
  readonly boughtWh: bigint;
  /** Sold to neighbours, a part of the export. */
  readonly soldWh: bigint;
  /** Paid to neighbours, network fees included. */
  readonly paidMillis: bigint;
  /** Received from neighbours. */
  readonly receivedMillis: bigint;
  /** The bill with the utility alone; negative when the utility pays. */
  readonly aloneMillis: bigint;
  /** All bills together when it trades with neighbours. */
  readonly togetherMillis: bigint;
  /** In how many slots it traded with neighbours. */
  readonly slotsTraded: number;
}

/** The sums of a calendar month, as far as it was studied. */
export interface StudyMonth extends StudySums {
  /** `YYYY-MM` */
  readonly month: string;
}

/** What a study found for a home. */
export interface HomeStudy {
  readonly name: string;
  readonly total: StudySums;
  readonly months: readonly StudyMonth[];
}

/** What a home saves by trading, in thousandths of a base unit. */
export const gainMillis = ({
  aloneMillis,
  togetherMillis,
}: Pick<StudySums, "aloneMillis" | "togetherMillis">): bigint => aloneMillis - togetherMillis;
