import { type Address, type Client, type Hex, parseAbi, parseSignature } from "viem";
import { getBlock, getCode, readContract } from "viem/actions";
import { type Call, callOf, contractsOf, type Network } from "../chain/index.ts";

const permitAbi = parseAbi([
  "function name() view returns (string)",
  "function nonces(address owner) view returns (uint256)",
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
]);

/** How long a permit may take to be mined, in seconds of the chain's clock. */
const PERMIT_SECONDS = 3_600n;

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** A permit as a wallet is asked to sign it. */
export interface Permit {
  readonly domain: {
    readonly name: string;
    readonly version: string;
    readonly chainId: number;
    readonly verifyingContract: Address;
  };
  readonly types: typeof PERMIT_TYPES;
  readonly primaryType: "Permit";
  readonly message: {
    readonly owner: Address;
    readonly spender: Address;
    readonly value: bigint;
    readonly nonce: bigint;
    readonly deadline: bigint;
  };
}

/** Whose money comes into escrow. */
export interface Depositor {
  readonly client: Client;
  readonly network: Network;
  readonly owner: Address;
  /** Whether the wallet makes several calls as one. */
  readonly bundles: boolean;
}

/** How money comes into escrow: in one bundle with what follows, with a signed permit, or after an approval of its own. */
export type DepositWay = "bundle" | "permit" | "approval";

/** How `depositor` brings money in. */
export async function depositWay(depositor: Depositor): Promise<DepositWay> {
  if (depositor.bundles) return "bundle";
  return (await domainOf(depositor)) === undefined ? "approval" : "permit";
}

/** The calls that bring `value` base units into escrow. A file of its own, because only those who pay need what it imports. */
export async function depositCalls(
  value: bigint,
  { sign, ...depositor }: Depositor & { sign(permit: Permit): Promise<Hex> },
): Promise<Call[]> {
  const { client, network, owner, bundles } = depositor;
  const { marketplace, currency } = contractsOf(network);
  // In a bundle an approval asks the person nothing more; a permit would.
  const domain = bundles ? undefined : await domainOf(depositor);
  if (domain === undefined) {
    return [
      callOf(currency, "approve", [marketplace.address, value]),
      callOf(marketplace, "deposit", [currency.address, value]),
    ];
  }
  const [nonce, { timestamp }] = await Promise.all([
    readContract(client, {
      address: currency.address,
      abi: permitAbi,
      functionName: "nonces",
      args: [owner],
    }),
    getBlock(client),
  ]);
  const deadline = timestamp + PERMIT_SECONDS;
  const signature = await sign({
    domain,
    types: PERMIT_TYPES,
    primaryType: "Permit",
    message: { owner, spender: marketplace.address, value, nonce, deadline },
  });
  const { r, s, yParity } = parseSignature(signature);
  const v = 27 + yParity;
  return [callOf(marketplace, "depositWithPermit", [currency.address, value, deadline, v, r, s])];
}

/** The currency's EIP-712 domain; undefined when it knows no permits, or the account can't sign one by itself. */
async function domainOf({ client, network: { currency, deployment }, owner }: Depositor) {
  const at = { address: currency.address, abi: permitAbi } as const;
  const code = await getCode(client, { address: owner });
  // ERC-2612 takes signatures of keys only: contract wallets approve. A 7702 account still has its key.
  if (code !== undefined && code !== "0x" && !code.startsWith("0xef0100")) return undefined;
  const nonces = await readContract(client, {
    ...at,
    functionName: "nonces",
    args: [owner],
  }).catch(() => undefined);
  if (nonces === undefined) return undefined;
  const described = await readContract(client, { ...at, functionName: "eip712Domain" }).catch(
    () => undefined,
  );
  const name = described?.[1] ?? (await readContract(client, { ...at, functionName: "name" }));
  return {
    name,
    version: described?.[2] ?? "1",
    chainId: deployment.chainId,
    verifyingContract: currency.address,
  };
}
