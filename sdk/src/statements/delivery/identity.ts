import { type Address, encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";
import type { Contracts } from "../../history/events.ts";
import type { StatementPeriod } from "../history.ts";

/** Whose statement it is, on which chain, and for which slots. */
export interface DeliveryOf extends StatementPeriod {
  readonly chainId: number;
  readonly contracts: Contracts;
  readonly household: Address;
}

const IDENTITY = parseAbiParameters("string, uint256, address, address, uint32, uint32, uint32");

/** A statement's id: the hash of all that says whose it is, and for which slots. */
export const deliveryId = (of: DeliveryOf): Hex =>
  keccak256(
    encodeAbiParameters(IDENTITY, [
      "Wattline delivery statement",
      BigInt(of.chainId),
      of.contracts.energy,
      of.household,
      of.microgrid,
      of.firstSlot,
      of.lastSlot,
    ]),
  );

const PURPOSE = "wattline-delivery:";

/** The purpose of a retirement for a statement: so it belongs to one statement and to no other. */
export const deliveryPurpose = (id: Hex): string => `${PURPOSE}${id}`;

/** The statement that a retirement was made for; undefined when it was for something else. */
export const statementOfPurpose = (purpose: string): Hex | undefined => {
  const id = purpose.startsWith(PURPOSE) ? purpose.slice(PURPOSE.length).toLowerCase() : "";
  return /^0x[0-9a-f]{64}$/.test(id) ? `0x${id.slice(2)}` : undefined;
};
