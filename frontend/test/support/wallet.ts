import type { BrowserContext, Page } from "playwright-core";
import {
  type Address,
  concat,
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
  parseSignature,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import type { Network } from "../../src/chain/config.ts";

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
  readonly capabilities?: Readonly<Record<string, unknown>>;
}

/** The ways in which wallets are odd, each one switch. They can be changed while the page is open. */
export interface Quirks {
  /** How it writes signatures: v as 27 or 28, v as 0 or 1, 64 bytes (ERC-2098), or with a high s. */
  signatures: "usual" | "v of 0 or 1" | "compact" | "high s";
  /** What it answers to everything that its owner would have to confirm: a refusal by code, by words or by a device. */
  refusal: Refusal | undefined;
  /** What it answers when several calls are to become one, though it says that it is ready for that (EIP-5792). */
  upgradeRefusal: Refusal | undefined;
  /** Whether it lets a paymaster pay that a page names (ERC-7677). */
  usesPaymasters: boolean;
  /** What it waits for before it tells whether it makes several calls as one. */
  tellsCapabilitiesAfter: Promise<void> | undefined;
  /** How a page finds it: by one announcement (EIP-6963), by two, or only as `window.ethereum`. */
  announced: "once" | "twice" | "injected only";
}

/** An error as wallets throw it. */
export interface Refusal {
  readonly code?: number;
  readonly message: string;
  readonly data?: unknown;
}

const USUAL: Quirks = {
  signatures: "usual",
  refusal: undefined,
  upgradeRefusal: undefined,
  usesPaymasters: false,
  tellsCapabilitiesAfter: undefined,
  announced: "once",
};

/** A wallet that the page finds by EIP-6963; its key stays in Node, and every request is written down. */
export interface TestWallet {
  readonly address: Address;
  readonly requests: WalletRequest[];
  readonly quirks: Quirks;
  /**
   * Its owner has the last transaction replaced, by one with the same nonce and a higher fee: the same one, none at all, or
   * another. It must still wait in the node.
   */
  replaceLast(how: "speed up" | "cancel" | "replace"): Promise<void>;
  /** Every typed data that it was asked to sign, oldest first. */
  typedData(): ShownTypedData[];
  /** Every transaction that it was asked to send, oldest first. */
  transactions(): ShownTransaction[];
  /** Every bundle of calls that it was asked to make (EIP-5792), oldest first. */
  bundles(): ShownBundle[];
  /** Waits until the page asks for something of this kind, from now on. */
  nextRequest(method: string): Promise<void>;
  /** Declines signatures and transactions from now on, or not any more. */
  decline(declines: boolean): void;
  /** Its owner takes time over what it is asked next. @returns When it has been asked, and how to let it go on. */
  hesitate(): { readonly asked: Promise<void>; decide(): void };
  /** As if it did not know a network. */
  forget(chainId: number): void;
  /** As if its owner changed the network in the wallet itself. */
  changeChain(page: Page, chainId: number): Promise<void>;
}

interface Options {
  readonly account: PrivateKeyAccount;
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
  readonly quirks?: Partial<Quirks>;
}

/** What the contract behind a smart account does for its owner. */
const contractAbi = parseAbi(["function executeAll((address to, bytes data)[] calls)"]);

const DECLINED = 4001;
const UNKNOWN_CHAIN = 4902;
const UNSUPPORTED = 4200;
const INTERNAL = -32_603;

const NAME = "Test Wallet";

/** Puts a wallet on a network into every page that `context` will open. */
export async function injectWallet(
  context: BrowserContext,
  { rpcUrl, deployment: { chainId } }: Network,
  {
    account,
    name = NAME,
    startsOn = chainId,
    contract,
    bundles = contract !== undefined,
    quirks: oddities = {},
  }: Options,
): Promise<TestWallet> {
  const quirks: Quirks = { ...USUAL, ...oddities };
  let last: Hex | undefined;
  const requests: WalletRequest[] = [];
  let listeners: { readonly method: string; tell(): void }[] = [];
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
    if (quirks.refusal !== undefined) throw quirks.refusal;
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
        const { EIP712Domain: _, ...types } = parse(params[1]).types;
        if (Number(parse(params[1]).domain.chainId) !== current) {
          throw fault(INTERNAL, `Provided chainId must match the active chainId "${current}"`);
        }
        await ask();
        return written(await account.signTypedData({ ...parse(params[1]), types }), quirks);
      }
      case "eth_sendTransaction": {
        await ask();
        const { to, data, value, gas } = transactionIn(params[0]);
        if (contract !== undefined) return execute(contract, [{ to, data }]);
        last = await client.sendTransaction({ to, data, value, ...(gas && { gas }) });
        return last;
      }
      case "wallet_getCapabilities":
        await quirks.tellsCapabilitiesAfter;
        if (quirks.upgradeRefusal !== undefined) {
          return { [numberToHex(chainId)]: { atomic: { status: "ready" } } };
        }
        if (!bundles) throw fault(UNSUPPORTED, `${method} is not supported.`);
        return {
          [numberToHex(chainId)]: {
            atomic: { status: "supported" },
            ...(quirks.usesPaymasters && { paymasterService: { supported: true } }),
          },
        };
      case "wallet_sendCalls": {
        if (quirks.upgradeRefusal !== undefined) throw quirks.upgradeRefusal;
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
        const answering = answer(method, params);
        for (const listener of listeners) if (listener.method === method) listener.tell();
        listeners = listeners.filter((listener) => listener.method !== method);
        const result = await answering;
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
  const uuids = [crypto.randomUUID(), crypto.randomUUID()];
  await context.addInitScript(announce, {
    name,
    uuids: uuids.slice(0, quirks.announced === "twice" ? 2 : 1),
    isInjected: quirks.announced === "injected only",
  });

  return {
    address,
    requests,
    quirks,
    async replaceLast(how) {
      if (last === undefined) throw new Error("The wallet has sent nothing that it could replace.");
      const {
        nonce,
        to,
        input,
        value,
        maxFeePerGas = 0n,
        maxPriorityFeePerGas = 0n,
      } = await chain.getTransaction({ hash: last });
      const call = {
        "speed up": { to, data: input, value },
        cancel: { to: address, value: 0n },
        replace: { to: address, value: 1n },
      }[how];
      await client.sendTransaction({
        ...call,
        nonce,
        maxFeePerGas: maxFeePerGas * 2n,
        maxPriorityFeePerGas: maxPriorityFeePerGas * 2n + 1n,
        gas: 1_000_000n,
      });
    },
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
    nextRequest: (method) =>
      new Promise((tell) => {
        listeners.push({ method, tell });
      }),
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

/** Runs in the page: an EIP-1193 provider, announced as EIP-6963 asks or put into the page as older wallets do. */
function announce({
  name,
  uuids,
  isInjected,
}: {
  name: string;
  uuids: string[];
  isInjected: boolean;
}): void {
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
  if (isInjected) {
    Object.assign(window, { ethereum: provider });
    return;
  }
  const tell = () => {
    for (const uuid of uuids) {
      const info = Object.freeze({ uuid, name, icon, rdns: "org.wattline.test" });
      const detail = Object.freeze({ info, provider });
      window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
    }
  };
  window.addEventListener("eip6963:requestProvider", tell);
  tell();
}

/** A signature as a wallet with this quirk writes it. */
function written(signature: Hex, { signatures }: Quirks): Hex {
  const { r, s, yParity } = parseSignature(signature);
  const tail = (v: number) => numberToHex(v, { size: 1 });
  switch (signatures) {
    case "usual":
      return signature;
    case "v of 0 or 1":
      return concat([r, s, tail(yParity)]);
    case "compact":
      return concat([r, numberToHex(BigInt(s) | (BigInt(yParity) << 255n), { size: 32 })]);
    case "high s":
      return concat([r, numberToHex(CURVE_ORDER - BigInt(s), { size: 32 }), tail(28 - yParity)]);
  }
}
/** The order of secp256k1 (SEC 2, 2.4.1). */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

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

/** Connects a page with the injected wallet by the header's button, in either language, and waits until it has happened. */
export async function connectWallet(page: Page, name = NAME): Promise<void> {
  const connect = page
    .getByRole("banner")
    .getByRole("button", { name: /Connect wallet|Wallet verbinden/ });
  await connect.click();
  await page.getByRole("button", { name }).click();
  await connect.waitFor({ state: "detached" });
}
