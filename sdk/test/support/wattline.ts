import { getAddress } from "viem";
import { clearSigningFiles } from "../../src/clearSigning.ts";
import type { Deployment } from "../../src/deployment.ts";

/** A deployment that nobody made, and its files. */

export const address = (byte: string) => getAddress(`0x${byte.repeat(20)}`);
export const CHAIN = 31_337;
export const MARKET = address("a1");
export const METERS = address("a2");
export const MICROGRIDS = address("a5");
export const ENERGY = address("a3");
export const EURO = address("e0");

export const deployment: Deployment = {
  chainId: CHAIN,
  marketplace: MARKET,
  microgrids: MICROGRIDS,
  meters: METERS,
  energy: ENERGY,
  board: address("a4"),
  fromBlock: 0,
};
export const files = clearSigningFiles(deployment, { address: EURO, symbol: "EUR", decimals: 6 });
