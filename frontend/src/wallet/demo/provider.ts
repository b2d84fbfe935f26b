import {
  type Address,
  createWalletClient,
  type EIP1193RequestFn,
  hexToString,
  http,
  isAddressEqual,
  isHex,
  numberToHex,
  ProviderRpcError,
  UserRejectedRequestError,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { chainOf, type Network } from "../../chain/index.ts";
import { ask } from "./requests.ts";
import { parseTransaction, parseTypedData } from "./typedData.ts";

const UNAUTHORIZED = 4100;
const UNKNOWN_CHAIN = 4902;

/**
 * The demo wallet's EIP-1193 provider: keys that are public anyway, and a question before each use of one. What only signing needs
 * is done then: to derive a key's account takes long.
 */
export function demoProvider(network: Network, current: () => number) {
  const chain = chainOf(network);
  const accounts = network.demo?.accounts ?? [];
  const client = createWalletClient({ chain, transport: http(network.rpcUrl) });
  const askNode: EIP1193RequestFn = client.request;
  let connected = false;

  const selected = (): Address => {
    const account = accounts[current()] ?? accounts[0];
    if (account === undefined) throw new Error("The demo wallet has no account.");
    return account.address;
  };
  const accountOf = (address: unknown): PrivateKeyAccount => {
    const account = accounts.find((one) => isAddressEqual(one.address, address as Address));
    if (account === undefined) throw failure(UNAUTHORIZED, `${address} is no demo account.`);
    return privateKeyToAccount(account.privateKey);
  };
  const confirm = async (request: Parameters<typeof ask>[0]): Promise<void> => {
    if (!(await ask(request))) throw new UserRejectedRequestError(new Error("Declined."));
  };

  async function request(method: string, params: readonly unknown[]): Promise<unknown> {
    switch (method) {
      case "eth_accounts":
        return connected ? [selected()] : [];
      case "eth_requestAccounts":
        if (!connected) await confirm({ kind: "connect", account: selected() });
        connected = true;
        return [selected()];
      case "eth_chainId":
        return numberToHex(chain.id);
      case "wallet_switchEthereumChain":
        if (!asksFor(params[0], chain.id)) {
          throw failure(UNKNOWN_CHAIN, "The demo wallet knows its local chain only.");
        }
        return null;
      case "personal_sign": {
        const account = accountOf(params[1]);
        const raw = isHex(params[0]) ? params[0] : undefined;
        const text = raw ? hexToString(raw) : String(params[0]);
        await confirm({ kind: "message", account: account.address, text });
        return account.signMessage({ message: raw ? { raw } : text });
      }
      case "eth_signTypedData_v4": {
        const account = accountOf(params[0]);
        const typedData = parseTypedData(String(params[1]));
        await confirm({ kind: "typedData", account: account.address, typedData });
        const { EIP712Domain: _, ...types } = typedData.types;
        return account.signTypedData({ ...typedData, types });
      }
      case "eth_sendTransaction": {
        const asked = params[0];
        const from = typeof asked === "object" && asked !== null && "from" in asked && asked.from;
        const account = accountOf(from);
        const { to, data = "0x", value, gas } = parseTransaction(asked);
        const wei = value === undefined ? 0n : BigInt(value);
        await confirm({ kind: "transaction", account: account.address, to, data, value: wei });
        return client.sendTransaction({
          account,
          to: to ?? null,
          data,
          value: wei,
          ...(gas !== undefined && { gas: BigInt(gas) }),
        });
      }
      default:
        return askNode({ method, params });
    }
  }

  return {
    accounts: accounts.map(({ address }) => address),
    /** A page that was connected before is connected again without a question. */
    reconnect() {
      connected = true;
    },
    disconnect() {
      connected = false;
    },
    request: ({ method, params }: { method: string; params?: unknown }) =>
      request(method, Array.isArray(params) ? params : []),
  };
}

const failure = (code: number, message: string) =>
  new ProviderRpcError(new Error(message), { code, shortMessage: message });

const asksFor = (parameter: unknown, chainId: number): boolean =>
  typeof parameter === "object" &&
  parameter !== null &&
  "chainId" in parameter &&
  Number(parameter.chainId) === chainId;
