/** A household's energy per delivery slot, in Wh. All arrays have one entry per slot of the series. */
export interface HouseholdSeries {
  readonly name: string;
  /** The most its roof can export, in W; 0 for a consumer. */
  readonly capacityW: number;
  readonly loadWh: readonly bigint[];
  readonly producedWh: readonly bigint[];
  /** Export at the meter: production beyond the load of the same metering step. */
  readonly exportedWh: readonly bigint[];
  /** Import at the meter: load beyond the production of the same metering step. */
  readonly importedWh: readonly bigint[];
  /** What the meter counted in the slots right before the series, as far as its agent has learned from them. */
  readonly past?: {
    readonly exportedWh: readonly bigint[];
    readonly importedWh: readonly bigint[];
  };
}

/** The metered energy of one community over a range of delivery slots. */
export interface CommunitySeries {
  readonly name: string;
  /** Tenths of a degree, north and east positive: the published precision of the community's place. */
  readonly place: { readonly latitudeTenths: number; readonly longitudeTenths: number };
  readonly slotSeconds: number;
  /** Number of the first slot: Unix time of its start / slotSeconds. */
  readonly firstSlot: number;
  readonly slots: number;
  readonly households: readonly HouseholdSeries[];
  /** Retail tariff per kWh in millionths of the currency, one per slot, where the source has one. */
  readonly retailPerKwh?: readonly bigint[];
}
