import { NOTICE_SECONDS } from "@wattline/sdk";
import hre, { network } from "hardhat";
import { type LocalAccount, localAccount } from "./accounts.ts";

/** A local chain that the simulation drives. */
export type Chain = Awaited<ReturnType<typeof openChain>>;

/** The chain can't be used; the message says why and what to do. */
export class ChainError extends Error {}

/** Chain id of Hardhat's and Anvil's development chains. */
const LOCAL_CHAIN_ID = 31_337n;
/** How long before the start a chain's clock has to begin: schedules of prices are announced seven days ahead, and deploying takes its time. */
export const AHEAD_SECONDS = NOTICE_SECONDS + 86_400;
/** A hundred ether in hexadecimal wei: fees for a household's year. */
const GAS_MONEY = "0x56bc75e2d63100000";

/** Compiles the contracts where needed; otherwise it takes a fraction of a second. */
export async function buildContracts(): Promise<void> {
  if ((await hre.artifacts.getAllFullyQualifiedNames()).size === 0) {
    console.error("Compiling the contracts; this first time takes about half a minute.");
  }
  await hre.tasks.getTask("build").run({ quiet: true });
  await hre.artifacts.clearCache();
}

/**
 * Opens a chain whose clock is before `startsAt`.
 * @param rpc The address of a running development node; without it a chain is created in this process.
 * @param startsAt Unix seconds of the simulation's start.
 * @throws ChainError when the node can't be reached, is not a development chain, or its clock is past `startsAt`.
 */
export async function openChain(rpc: string | undefined, startsAt: number) {
  const connection =
    rpc === undefined
      ? await network.create(localNetwork(startsAt))
      : await network.create({ network: "localhost", override: { url: rpc } });
  const { provider, ethers } = connection;

  if (rpc !== undefined) {
    const chainId = await ethers.provider
      .send("eth_chainId", [])
      .then((id: string) => BigInt(id))
      .catch((error: unknown) => {
        throw new ChainError(
          `No node answers at ${rpc} (${reasonOf(error)}). Start one, or leave out --rpc.`,
        );
      });
    if (chainId !== LOCAL_CHAIN_ID) {
      throw new ChainError(
        `The chain at ${rpc} has the id ${chainId}. The simulation uses public keys and changes the clock: it runs only on a local development chain (id ${LOCAL_CHAIN_ID}).`,
      );
    }
    const now = await chainTime();
    if (now >= startsAt) {
      throw new ChainError(
        `The chain's clock at ${rpc} is at ${isoOf(now)}, after the simulation's start at ${isoOf(startsAt)}. Choose a later --from, or a fresh chain.`,
      );
    }
  }

  async function chainTime(): Promise<number> {
    const block = await ethers.provider.getBlock("latest");
    if (block === null) throw new ChainError("The chain has no block yet.");
    return block.timestamp;
  }

  return {
    connection,
    ethers,
    /** Where others reach it; undefined for a chain within this process. */
    rpcUrl: rpc,
    chainTime,
    /** Sets the chain's clock to `time` (Unix seconds), unless it is there already. */
    async passTo(time: number): Promise<void> {
      if ((await chainTime()) >= time) return;
      await provider.request({ method: "evm_setNextBlockTimestamp", params: [time] });
      await provider.request({ method: "evm_mine", params: [] });
    },
    /** The `index`-th local account as a wallet that pays its own fees. */
    wallet: (index: number) => walletAt(localAccount(index)),
    walletAt,
    close: () => connection.close(),
  };

  /** A local account as a wallet that pays its own fees. */
  async function walletAt({ address, privateKey, account }: LocalAccount) {
    await provider.request({ method: "hardhat_setBalance", params: [address, GAS_MONEY] });
    return {
      address,
      privateKey,
      account,
      signer: new ethers.Wallet(privateKey, ethers.provider),
    };
  }
}

/** Hardhat's network in this process, its clock early enough before `startsAt`. */
const localNetwork = (startsAt: number) => ({
  network: "default",
  override: {
    type: "edr-simulated" as const,
    chainId: Number(LOCAL_CHAIN_ID),
    initialDate: new Date((startsAt - AHEAD_SECONDS) * 1000),
  },
});

/** A time as people write it. */
export const isoOf = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
