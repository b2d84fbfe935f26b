import type { BrowserContext, Page } from "playwright-core";
import {
  type Address,
  createPublicClient,
  createWalletClient,
  getAddress,
  type Hex,
  hexToString,
  http,
  isAddress,
  isHex,
  numberToHex,
  parseAbi,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { hardhat } from "viem/chains";

/** One request of the page to the wallet. */
export interface WalletRequest {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** EIP-712 data as a wallet would show it. */
export interface ShownTypedData {
  readonly domain: Readonly<Record<string, unknown>>;
  readonly types: Readonly<Record<string, readonly { name: string; type: string }[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** A transaction as a wallet would show it. */
export interface ShownTransaction {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
}

/** Calls that a wallet would show as one. */
export interface ShownBundle {
  readonly from: Address;
  readonly atomicRequired: boolean;
  readonly calls: readonly { readonly to: Address; readonly data: Hex }[];
}

/** A wallet that the page finds by EIP-6963; its key stays in Node, and every request is written down. */
export interface TestWallet {
  readonly address: Address;
  readonly requests: WalletRequest[];
  /** Every typed data that it was asked to sign, oldest first. */
  typedData(): ShownTypedData[];
  /** Every transaction that it was asked to send, oldest first. */
  transactions(): ShownTransaction[];
  /** Every bundle of calls that it was asked to make (EIP-5792), oldest first. */
  bundles(): ShownBundle[];
  /** Declines signatures and transactions from now on, or not any more. */
  decline(declines: boolean): void;
  /** Its owner takes time over what it is asked next. @returns When it has been asked, and how to let it go on. */
  hesitate(): { readonly asked: Promise<void>; decide(): void };
  /** As if it had never heard of a network. */
  forget(chainId: number): void;
  /** As if its owner changed the network in the wallet itself. */
  changeChain(page: Page, chainId: number): Promise<void>;
}

interface Options {
  readonly account: PrivateKeyAccount;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly name?: string;
  /** The chain it stands on at first. */
  readonly startsOn?: number;
  /**
   * A contract that acts for the account, or the account itself when it runs a contract's code (EIP-7702): the wallet shows
   * its address.
   */
  readonly contract?: Address;
  /** Whether it makes several calls as one (EIP-5792): where a contract acts, unless said otherwise. */
  readonly bundles?: boolean;
}

/** What the contract behind a smart account does for its owner. */
const contractAbi = parseAbi(["function executeAll((address to, bytes data)[] calls)"]);

const DECLINED = 4001;
const UNKNOWN_CHAIN = 4902;
const UNSUPPORTED = 4200;

/** Puts a wallet into every page that `context` will open. */
export async function injectWallet(
  context: BrowserContext,
  {
    account,
    rpcUrl,
    chainId,
    name = "Test Wallet",
    startsOn = chainId,
    contract,
    bundles = contract !== undefined,
  }: Options,
): Promise<TestWallet> {
  const requests: WalletRequest[] = [];
  const client = createWalletClient({
    account,
    chain: { ...hardhat, id: chainId },
    transport: http(rpcUrl),
  });
  const chain = createPublicClient({ transport: http(rpcUrl) });
  const address = contract ?? account.address;
  let connected = false;
  let declines = false;
  let hesitation: { asked(): void; readonly decided: Promise<void> } | undefined;
  let current = startsOn;
  const known = new Set([chainId]);

  const ask = async () => {
    if (declines) throw fault(DECLINED, "The user declined.");
    const taken = hesitation;
    hesitation = undefined;
    taken?.asked();
    await taken?.decided;
  };

  /** Has the contract make the calls, all of them or none. */
  const execute = (to: Address, calls: readonly { to: Address; data: Hex }[]) =>
    client.writeContract({
      address: to,
      abi: contractAbi,
      functionName: "executeAll",
      args: [calls.map(({ to, data }) => ({ to, data }))],
    });

  async function answer(method: string, params: readonly unknown[]): Promise<unknown> {
    switch (method) {
      case "eth_accounts":
        return connected ? [address] : [];
      case "eth_requestAccounts":
        await ask();
        connected = true;
        return [address];
      case "wallet_requestPermissions":
        await ask();
        connected = true;
        return [
          {
            parentCapability: "eth_accounts",
            caveats: [{ type: "restrictReturnedAccounts", value: [address] }],
          },
        ];
      case "wallet_revokePermissions":
        connected = false;
        return null;
      case "eth_chainId":
        return numberToHex(current);
      case "wallet_switchEthereumChain": {
        const wanted = chainIdIn(params[0]);
        if (!known.has(wanted)) throw fault(UNKNOWN_CHAIN, "Unknown chain.");
        await ask();
        current = wanted;
        return null;
      }
      case "wallet_addEthereumChain":
        await ask();
        known.add(chainIdIn(params[0]));
        current = chainIdIn(params[0]);
        return null;
      case "personal_sign": {
        await ask();
        const message = isHex(params[0]) ? hexToString(params[0]) : String(params[0]);
        return account.signMessage({ message });
      }
      case "eth_signTypedData_v4": {
        await ask();
        const { EIP712Domain: _, ...types } = parse(params[1]).types;
        return account.signTypedData({ ...parse(params[1]), types });
      }
      case "eth_sendTransaction": {
        await ask();
        const { to, data, value, gas } = transactionIn(params[0]);
        if (contract !== undefined) return execute(contract, [{ to, data }]);
        return client.sendTransaction({ to, data, value, ...(gas && { gas }) });
      }
      case "wallet_getCapabilities":
        if (!bundles) throw fault(UNSUPPORTED, `${method} is not supported.`);
        return { [numberToHex(chainId)]: { atomic: { status: "supported" } } };
      case "wallet_sendCalls": {
        if (contract === undefined || !bundles) {
          throw fault(UNSUPPORTED, `${method} is not supported.`);
        }
        await ask();
        const { calls } = params[0] as { calls: readonly { to: Address; data?: Hex }[] };
        const id = await execute(
          contract,
          calls.map(({ to, data = "0x" }) => ({ to, data })),
        );
        return { id };
      }
      case "wallet_getCallsStatus": {
        const id = params[0] as Hex;
        const receipt = await chain.request({ method: "eth_getTransactionReceipt", params: [id] });
        return {
          version: "2.0.0",
          id,
          chainId: numberToHex(chainId),
          status: receipt === null ? 100 : receipt.status === "0x1" ? 200 : 500,
          atomic: true,
          receipts: receipt === null ? [] : [receipt],
        };
      }
      default:
        return client.request({ method, params } as Parameters<typeof client.request>[0]);
    }
  }

  await context.exposeFunction(
    "wattlineTestWallet",
    async (method: string, params: readonly unknown[]) => {
      requests.push({ method, params });
      const before = current;
      try {
        const result = await answer(method, params);
        return { result, ...(current !== before && { chainId: numberToHex(current) }) };
      } catch (error) {
        // A thrown error would lose its code on the way into the page.
        const {
          code = -32603,
          message,
          data,
        } = error as { code?: number; message: string; data?: unknown };
        return { error: { code, message, data } };
      }
    },
  );
  await context.addInitScript(announce, { name, uuid: crypto.randomUUID() });

  return {
    address,
    requests,
    typedData: () =>
      requests
        .filter(({ method }) => method === "eth_signTypedData_v4")
        .map(({ params }) => parse(params[1])),
    transactions: () =>
      requests
        .filter(({ method }) => method === "eth_sendTransaction")
        .map(({ params }) => params[0] as ShownTransaction),
    bundles: () =>
      requests
        .filter(({ method }) => method === "wallet_sendCalls")
        .map(({ params }) => params[0] as ShownBundle),
    hesitate() {
      const asked = Promise.withResolvers<void>();
      const decided = Promise.withResolvers<void>();
      hesitation = { asked: asked.resolve, decided: decided.promise };
      return { asked: asked.promise, decide: decided.resolve };
    },
    decline(next) {
      declines = next;
    },
    forget: (id) => void known.delete(id),
    async changeChain(page, next) {
      current = next;
      known.add(next);
      await page.evaluate((id) => window.wattlineTestWalletChain?.(id), numberToHex(next));
    },
  };
}

declare global {
  interface Window {
    wattlineTestWallet(
      method: string,
      params: readonly unknown[],
    ): Promise<{
      result?: unknown;
      chainId?: string;
      error?: { code: number; message: string; data?: unknown };
    }>;
    wattlineTestWalletChain?(chainId: string): void;
  }
}

/** Runs in the page: an EIP-1193 provider, announced as EIP-6963 asks. */
function announce({ name, uuid }: { name: string; uuid: string }): void {
  const listeners = new Map<string, Set<(value: unknown) => void>>();
  const emit = (event: string, value: unknown) => {
    for (const listener of listeners.get(event) ?? []) listener(value);
  };
  const provider = {
    async request({ method, params = [] }: { method: string; params?: readonly unknown[] }) {
      const { result, chainId, error } = await window.wattlineTestWallet(method, params);
      if (error !== undefined) throw Object.assign(new Error(error.message), error);
      if (chainId !== undefined) emit("chainChanged", chainId);
      return result;
    },
    on(event: string, listener: (value: unknown) => void) {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
    },
    removeListener(event: string, listener: (value: unknown) => void) {
      listeners.get(event)?.delete(listener);
    },
  };
  window.wattlineTestWalletChain = (chainId) => emit("chainChanged", chainId);
  const icon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Crect width='8' height='8' fill='%23666'/%3E%3C/svg%3E";
  const detail = Object.freeze({
    info: Object.freeze({ uuid, name, icon, rdns: "org.wattline.test" }),
    provider,
  });
  const tell = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", tell);
  tell();
}

/** Every member of typed data or a transaction as text, addresses with their checksum. */
export const textsOf = (shown: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(shown).map(([name, value]) => {
      const text = String(value);
      return [name, isAddress(text, { strict: false }) ? getAddress(text) : text];
    }),
  );

const fault = (code: number, message: string) => Object.assign(new Error(message), { code });

const parse = (text: unknown): ShownTypedData => JSON.parse(String(text));

const chainIdIn = (parameter: unknown): number => Number((parameter as { chainId: Hex }).chainId);

function transactionIn(parameter: unknown) {
  const {
    to,
    data = "0x",
    value = "0x0",
    gas,
  } = parameter as {
    to: Address;
    data?: Hex;
    value?: Hex;
    gas?: Hex;
  };
  return { to, data, value: BigInt(value), gas: gas === undefined ? undefined : BigInt(gas) };
}
