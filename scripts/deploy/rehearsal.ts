import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { ChainType } from "hardhat/types/network";
import { size } from "viem";
import Wattline from "../../ignition/modules/Wattline.ts";
import { type Addresses, addressesOf, SALT } from "./contracts.ts";

/** A deployment on a chain in this process: what it will cost, and where everything will be. */
export interface Rehearsal {
  readonly addresses: Addresses;
  /** Of all transactions. */
  readonly gas: bigint;
  /** Bytes of their calldata: a rollup pays for them on its base chain. */
  readonly calldataBytes: number;
  readonly transactions: number;
}

/** CreateX itself, which Ignition puts on a chain in this process, is not counted: public chains have it. */
export async function rehearse(
  hre: HardhatRuntimeEnvironment,
  chainType: ChainType,
): Promise<Rehearsal> {
  const connection = await hre.network.create({ network: "default", chainType });
  try {
    const { ethers, ignition } = connection;
    const deployed = await ignition.deploy(Wattline, {
      strategy: "create2",
      strategyConfig: { salt: SALT },
    });
    const addresses = await addressesOf(deployed);
    let [gas, calldataBytes, transactions] = [0n, 0, 0];
    const [deployer] = await ethers.getSigners();
    for (let number = await ethers.provider.getBlockNumber(); number > 0; number--) {
      const block = await ethers.provider.getBlock(number, true);
      for (const { hash, from, to, data } of block?.prefetchedTransactions ?? []) {
        if (from !== deployer?.address || data === "0x" || to === null) continue;
        gas += (await ethers.provider.getTransactionReceipt(hash))?.gasUsed ?? 0n;
        calldataBytes += size(data as `0x${string}`);
        transactions++;
      }
    }
    return { addresses, gas, calldataBytes, transactions };
  } finally {
    await connection.close();
  }
}
