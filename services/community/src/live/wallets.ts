import { nodeTransport } from "@wattline/common/node";
import { type Address, createPublicClient, type Hex, type PublicClient } from "viem";
import type { LocalAccount } from "../simulation/accounts.ts";

/** A call of a contract. */
export interface ContractCall {
  readonly to: Address;
  readonly data: Hex;
}

/** The gas limit, which saves estimates: the largest call sells a block of energy. */
const GAS = 4_000_000n;
const FEES = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 1n } as const;
const POLL_MS = 50;

/** Wallets of a local chain that mines at once, and its clock. */
export class Wallets {
  readonly client: PublicClient;
  readonly #chainId: number;

  constructor(rpcUrl: string, chainId: number) {
    this.client = createPublicClient({
      transport: nodeTransport(rpcUrl, { batchSize: 100, tries: 2 }),
      pollingInterval: POLL_MS,
      cacheTime: 0,
    });
    this.#chainId = chainId;
  }

  /** Sends a call and waits until it is mined. @throws Error when it fails */
  async send({ address, account }: LocalAccount, { to, data }: ContractCall): Promise<void> {
    const nonce = await this.client.getTransactionCount({ address, blockTag: "pending" });
    const serializedTransaction = await account.signTransaction({
      type: "eip1559",
      chainId: this.#chainId,
      nonce,
      to,
      data,
      gas: GAS,
      ...FEES,
    });
    const hash = await this.client.sendRawTransaction({ serializedTransaction });
    const { status } = await this.client.waitForTransactionReceipt({ hash });
    if (status === "success") return;
    // The node says why only when it is asked for a call.
    await this.client.call({ account: address, to, data });
    throw new Error(`The transaction ${hash} has failed.`);
  }

  /** The chain's clock, Unix seconds. */
  async now(): Promise<number> {
    return Number((await this.client.getBlock()).timestamp);
  }

  /** Sets the chain's clock, unless it is there already. */
  async passTo(seconds: number): Promise<void> {
    if ((await this.now()) >= seconds) return;
    await this.client.request<Mining>({
      method: "evm_setNextBlockTimestamp",
      params: [seconds],
    });
    await this.client.request<Mining>({ method: "evm_mine", params: [] });
  }
}

interface Mining {
  readonly Method: "evm_setNextBlockTimestamp" | "evm_mine";
  readonly Parameters: readonly number[];
  readonly ReturnType: unknown;
}
