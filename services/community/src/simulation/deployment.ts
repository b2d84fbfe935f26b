import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import hre from "hardhat";
import { type Address, getAddress } from "viem";
import LocalDemo from "../../../../ignition/modules/LocalDemo.ts";
import type { CommunitySeries } from "../profiles/series.ts";
import type { Chain } from "./chain.ts";
import type { Tariffs } from "./options.ts";

/** Wattline on a chain, with the first microgrid founded, and a way to send it things. */
export type Deployment = Awaited<ReturnType<typeof deploy>>;

/** What every ordinary transaction may use: spares an estimate per call. The largest is a day of readings. */
const GAS_LIMIT = 8_000_000n;
/** What a batch may use: Ethereum's limit for a transaction, rounded down. */
export const BATCH_GAS_LIMIT = 16_700_000n;

/** Wh per slot that an ordinary home may buy from a neighbour while islanded: 1 kW at a quarter of an hour. */
export const ISLAND_RATION_WH = 250n;

/** The operator's tariffs while the retailer charges `retail`; in an island nobody pays more than it ever charges. */
export const tariffsAt = (retail: bigint, { feedInPerKwh, retailPerKwh }: Tariffs) => ({
  feedIn: feedInPerKwh,
  retail,
  networkFee: 0n,
  islandPriceCap: retailPerKwh.reduce((a, b) => (a > b ? a : b)),
  islandRation: Number(ISLAND_RATION_WH),
});

/** What a community decides when it is founded, but for its currency. */
export const charterOf = (series: CommunitySeries) => ({
  name: series.name,
  latitudeTenths: series.place.latitudeTenths,
  longitudeTenths: series.place.longitudeTenths,
  slotSeconds: series.slotSeconds,
  reportingDeadline: 86_400,
});

/** Deploys Wattline on `chain` with a microgrid for `first`. */
export async function deploy(chain: Chain, first: CommunitySeries, tariffs: Tariffs) {
  const { ethers } = chain;
  // Ignition goes on with an earlier deployment of this name; a development chain starts over each time.
  const deploymentId = `simulation-${process.pid}-${randomUUID()}`;
  const folder = path.join(hre.config.paths.ignition, "deployments", deploymentId);
  const parameters = {
    ...charterOf(first),
    ...tariffsAt(tariffs.retailPerKwh[0] ?? 0n, tariffs),
  };
  const deployed = await chain.connection.ignition
    .deploy(LocalDemo, { deploymentId, parameters: { LocalDemo: parameters } })
    .finally(() => rmSync(folder, { recursive: true, force: true }));
  const addresses = {
    marketplace: getAddress(await deployed.marketplace.getAddress()),
    meters: getAddress(await deployed.meters.getAddress()),
    energy: getAddress(await deployed.energy.getAddress()),
    board: getAddress(await deployed.board.getAddress()),
    euro: getAddress(await deployed.euro.getAddress()),
  };
  const nonces = new Map<Address, number>();
  let gasUsed = 0n;

  /** What a transaction of `from` carries: spelled out, so that the node is asked nothing. */
  async function overridesOf(from: Address, gasLimit: bigint) {
    const nonce = nonces.get(from) ?? (await ethers.provider.getTransactionCount(from));
    nonces.set(from, nonce + 1);
    return {
      nonce,
      gasLimit,
      maxFeePerGas: 10_000_000_000n,
      maxPriorityFeePerGas: 1n,
      type: 2,
    };
  }

  return {
    chain,
    addresses,
    chainId: Number((await ethers.provider.getNetwork()).chainId),
    marketplace: await ethers.getContractAt("Marketplace", addresses.marketplace),
    meters: await ethers.getContractAt("Meters", addresses.meters),
    energy: await ethers.getContractAt("EnergyToken", addresses.energy),
    euro: await ethers.getContractAt("TestEuro", addresses.euro),
    /** Gas of every transaction sent so far. */
    gasUsed: () => gasUsed,

    /** Sends a transaction of `from`, waits for it and counts its gas. */
    async send<T extends { gasUsed: bigint }>(
      from: Address,
      call: (overrides: Awaited<ReturnType<typeof overridesOf>>) => Promise<{
        wait(): Promise<T | null>;
      }>,
      gasLimit = GAS_LIMIT,
    ): Promise<T> {
      const receipt = await call(await overridesOf(from, gasLimit))
        .then((sent) => sent.wait())
        .catch((error: unknown) => {
          // Whether it was mined is unknown: the next transaction asks the node.
          nonces.delete(from);
          throw error;
        });
      if (receipt === null)
        throw new Error("The chain took a transaction and returned no receipt.");
      gasUsed += receipt.gasUsed;
      return receipt;
    },
  };
}
