import { network } from "hardhat";
import {
  type Abi,
  type Address,
  createPublicClient,
  custom,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  keccak256,
  numberToHex,
  type TransactionReceipt,
  toBytes,
  toHex,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import type { StructLog } from "./trace.ts";

/** An in-process chain on which every run uses the same gas to the unit: fixed clock, keys and nonces. */
export type Chain = Awaited<ReturnType<typeof openChain>>;

/** A contract's interface and creation code. */
export interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
}

export interface Contract {
  readonly address: Address;
  readonly abi: Abi;
}

/** A transaction to be sent. */
export interface Call {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
}

const CHAIN_ID = 31_337;
/** A Monday at midnight UTC. */
export const GENESIS = Date.UTC(2027, 5, 7) / 1000;
/** Wattline's deployment uses the chain's own clock. */
const TIME_TO_DEPLOY = 3_600;
/** EIP-7825: no transaction on Ethereum may use more. */
const MOST_GAS = 1n << 24n;

/** A call of a contract's function. */
export const callOf = (
  from: Address,
  { address, abi }: Contract,
  functionName: string,
  args: readonly unknown[],
): Call => ({ from, to: address, data: encodeFunctionData({ abi, functionName, args }) });

/** The account with that name: the same in every run. */
export const accountOf = (name: string): PrivateKeyAccount =>
  privateKeyToAccount(keccak256(toHex(`wattline bench: ${name}`)));

/** A nonce and fees of the usual length. */
const USUAL = { nonce: 1_000, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 10n ** 6n };

/**
 * A call as a signed transaction. Senders are impersonated here, so another key signs, which changes its length by a byte or two at most.
 * @param gas Its limit.
 */
export async function signedBytesOf({ to, data }: Call, gas: bigint): Promise<Uint8Array> {
  const transaction = { type: "eip1559", chainId: CHAIN_ID, to, data, gas, ...USUAL } as const;
  return toBytes(await accountOf("signer").signTransaction(transaction));
}

export async function openChain() {
  const connection = await network.create({
    network: "default",
    override: {
      chainId: CHAIN_ID,
      hardfork: "osaka",
      initialDate: new Date(GENESIS * 1000),
      // Senders need no ether: fees are not part of gas.
      initialBaseFeePerGas: 0,
    },
  });
  const { provider } = connection;
  const client = createPublicClient({ transport: custom(provider) });
  const deployer = accountOf("deployer").address;
  const senders = new Set<Address>();
  let clock = GENESIS + TIME_TO_DEPLOY;

  /** Sends a transaction in its own block, a second after the last one; throws when it reverts. */
  async function send({ from, ...call }: Omit<Call, "to"> & { readonly to?: Address }) {
    if (!senders.has(from)) {
      await provider.request({ method: "hardhat_impersonateAccount", params: [from] });
      senders.add(from);
    }
    await provider.request({ method: "evm_setNextBlockTimestamp", params: [++clock] });
    const hash: Hex = await provider.request({
      method: "eth_sendTransaction",
      params: [{ from, ...call, gas: numberToHex(MOST_GAS), gasPrice: "0x0" }],
    });
    return client.getTransactionReceipt({ hash });
  }

  return {
    connection,
    chainId: CHAIN_ID,
    send,

    async deploy({ abi, bytecode }: Artifact, ...args: readonly unknown[]): Promise<Contract> {
      const data = encodeDeployData({ abi, bytecode, args });
      const { contractAddress } = await send({ from: deployer, data });
      if (contractAddress === null || contractAddress === undefined) {
        throw new Error("A deployment left no contract behind.");
      }
      return { address: contractAddress, abi };
    },

    read: (contract: Contract, functionName: string, ...args: readonly unknown[]) =>
      client.readContract({ ...contract, functionName, args }),

    /** Sets the time to `time`, Unix seconds. */
    passTo(time: number): void {
      clock = Math.max(clock, time);
    },

    async traceOf({ transactionHash }: TransactionReceipt): Promise<readonly StructLog[]> {
      const trace: { structLogs: StructLog[] } = await provider.request({
        method: "debug_traceTransaction",
        params: [transactionHash, { disableMemory: true, disableStorage: true }],
      });
      return trace.structLogs;
    },

    /** The value of a storage word before the block of `receipt`. */
    async wordBefore(receipt: TransactionReceipt, address: Address, slot: Hex): Promise<bigint> {
      const word = await client.getStorageAt({
        address,
        slot,
        blockNumber: receipt.blockNumber - 1n,
      });
      return BigInt(word ?? 0);
    },

    /** Does `work` and undoes its effects on the chain. */
    async undone<T>(work: () => Promise<T>): Promise<T> {
      const before = clock;
      const snapshot: Hex = await provider.request({ method: "evm_snapshot", params: [] });
      try {
        return await work();
      } finally {
        await provider.request({ method: "evm_revert", params: [snapshot] });
        clock = before;
      }
    },

    close: () => connection.close(),
  };
}
