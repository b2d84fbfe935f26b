import type { PositionRow } from "@wattline/indexer/client";

/** A block of a forward that a household sells or buys. */
export type Forward = Pick<
  PositionRow,
  | "positionId"
  | "block"
  | "seller"
  | "buyer"
  | "meter"
  | "source"
  | "fromMicrogrid"
  | "toMicrogrid"
  | "currency"
  | "price"
  | "charge"
  | "bond"
  | "lossBps"
  | "state"
  | "reserved"
  | "reservedWh"
  | "locked"
  | "bonded"
  | "delivered"
  | "deliveredWh"
  | "promisedWh"
  | "paid"
  | "charged"
  | "refund"
  | "forfeited"
  | "deadline"
>;
