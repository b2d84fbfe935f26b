import { middleOf } from "@wattline/sdk";
import type { Battery, StudyLevel } from "@wattline/sdk/study";

/** Decimals of the prices and bills of a study, whatever the network's currency has. */
const STUDY_DECIMALS = 6;

/** The unit that a study counts in: millionths of the network's currency. */
export const studyUnit = ({ symbol }: { readonly symbol: string }) => ({
  symbol,
  decimals: STUDY_DECIMALS,
});

/** The homes that the page has at hand for people without a file: with a roof, or without. */
export const SAMPLES = ["roof", "noRoof"] as const;
export type Sample = (typeof SAMPLES)[number];

/** What a study rests on besides the meter files. */
export interface Assumptions {
  /** Homes of the made-up street, and how many of them have solar panels. */
  readonly neighbours: number;
  readonly roofs: number;
  /** Another number is another street. */
  readonly street: number;
  readonly latitudeTenths: number;
  readonly longitudeTenths: number;
  /** Millionths of the currency per kWh. */
  readonly retailPerKwh: bigint;
  readonly feedInPerKwh: bigint;
  readonly feePerKwh: bigint;
  /** The community price; undefined: the middle of feed-in and retail tariff. */
  readonly pricePerKwh: bigint | undefined;
  /** Undefined: none. */
  readonly battery: Battery | undefined;
}

/** The prices, the same in every slot. */
export const levelOf = (assumptions: Assumptions): StudyLevel => {
  const { retailPerKwh, feedInPerKwh, feePerKwh, pricePerKwh } = assumptions;
  return {
    retailPerKwh,
    feedInPerKwh,
    feePerKwh,
    pricePerKwh: pricePerKwh ?? middleOf(feedInPerKwh, retailPerKwh),
  };
};
