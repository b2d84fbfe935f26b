/** What a seller has promised and delivered in its released forwards. */
export interface DeliveryRecord {
  readonly promisedWh: bigint;
  readonly deliveredWh: bigint;
}

/** By the seller's address in lower case; sellers without released forwards are missing. */
export type Records = ReadonlyMap<string, DeliveryRecord>;
