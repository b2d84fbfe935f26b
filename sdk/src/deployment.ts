import type { Address } from "viem";

/** The addresses of Wattline's contracts: all that a program needs to find them on a chain. */
export interface Deployment {
  readonly chainId: number;
  readonly marketplace: Address;
  readonly microgrids: Address;
  readonly meters: Address;
  readonly energy: Address;
  readonly board: Address;
  /** The block that the contracts were deployed in, or an earlier one. */
  readonly fromBlock: number;
}
