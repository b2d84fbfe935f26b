import { type Address, custom } from "viem";
import { deployContract, deployWattline } from "../../../../ignition/deployLocally.ts";
import type { CommunitySeries } from "../profiles/series.ts";
import type { Chain } from "./chain.ts";
import { type Tariffs, tariffsAt } from "./tariffs.ts";

/** Wattline on a chain, with the first microgrid founded, and a way to send transactions. */
export type Deployment = Awaited<ReturnType<typeof deploy>>;

/** A thousand Test Euros for each demo account, in millionths: as in the Ignition module LocalDemo. */
const POCKET_MONEY = 1_000_000_000n;
/** The first accounts of a local chain: operator, DSO and three households. */
const DEMO_ACCOUNTS = 5;

/** The gas limit of ordinary transactions, which saves estimates. The largest is a day of readings. */
const GAS_LIMIT = 8_000_000n;
/** The gas limit of a batch: Ethereum's limit for a transaction, rounded down. */
export const BATCH_GAS_LIMIT = 16_700_000n;

/** A microgrid's terms at its founding, except for the currency. */
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
  const node = custom(chain.connection.provider);
  const { chainId, fromBlock, ...deployed } = await deployWattline(node);
  const addresses = { ...deployed, euro: await deployContract(node, "test/TestEuro") };
  const contracts = {
    marketplace: await ethers.getContractAt("Marketplace", addresses.marketplace),
    meters: await ethers.getContractAt("Meters", addresses.meters),
    energy: await ethers.getContractAt("EnergyToken", addresses.energy),
    euro: await ethers.getContractAt("TestEuro", addresses.euro),
  };
  const [operator, dso, ...others] = await ethers.getSigners();
  if (operator === undefined || dso === undefined) throw new Error("The chain has no accounts.");
  const charter = { ...charterOf(first), currency: addresses.euro };
  const firstTariffs = tariffsAt(tariffs.retailPerKwh[0] ?? 0n, tariffs);
  await contracts.meters.connect(operator).found(charter, firstTariffs, dso.address);
  for (const { address } of [operator, dso, ...others].slice(0, DEMO_ACCOUNTS)) {
    await contracts.euro.connect(operator).mint(address, POCKET_MONEY);
  }

  const nonces = new Map<Address, number>();
  let gasUsed = 0n;

  /** The transaction fields of `from`: all given, so that the node is not asked. */
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
    chainId,
    fromBlock,
    ...contracts,
    /** The gas of all transactions so far. */
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
        throw new Error("The chain accepted a transaction but returned no receipt.");
      gasUsed += receipt.gasUsed;
      return receipt;
    },
  };
}
