/** What a slot's minted energy has cost its buyers. */
export interface Traded {
  readonly energyWh: bigint;
  readonly cost: bigint;
}
