import type { Address } from "viem";
import { Tally } from "./tally.ts";

/** All amounts of the market, by what they are filed under; there is one currency. */
export class Tallies {
  /** Thousandths of a base unit. */
  readonly money = new Tally<[holder: Address]>();
  readonly counter = new Tally<[holder: Address]>();
  readonly lockedUntil = new Tally<[holder: Address]>();
  /** Thousandths of a base unit. */
  readonly allowance = new Tally<[maker: Address, delegate: Address]>();
  readonly allowedUntil = new Tally<[maker: Address, delegate: Address]>();
  readonly filled = new Tally<[maker: Address, nonce: bigint]>();
  readonly cancelled = new Tally<[maker: Address, nonce: bigint]>();
  readonly firmFilled = new Tally<[maker: Address, settler: Address, nonce: bigint]>();
  readonly energy = new Tally<[holder: Address, microgrid: number, source: number, slot: number]>();
  readonly committed = new Tally<[meter: Address, slot: number]>();
  readonly delivered = new Tally<[meter: Address, slot: number]>();
  readonly reported = new Tally<[meter: Address, slot: number]>();
  readonly flow = new Tally<[from: number, to: number, slot: number]>();
  readonly rationed = new Tally<[meter: Address, slot: number]>();
  /** Bit i: block i of a position is open. */
  readonly open = new Tally<[position: number]>();
}
