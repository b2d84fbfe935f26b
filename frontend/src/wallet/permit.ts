import { type Hex, parseAbi, parseSignature } from "viem";
import { getBlock, getCode, readContract } from "viem/actions";
import { useClient, useConnection, useSignTypedData } from "wagmi";
import type { Network } from "../chain/config.ts";
import { type Call, callOf, contractsOf } from "../chain/contracts.ts";
import { useNetwork } from "../chain/network.tsx";

const permitAbi = parseAbi([
  "function name() view returns (string)",
  "function nonces(address owner) view returns (uint256)",
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
]);

/** How long a permit may take to be mined, in seconds of the chain's clock. */
const PERMIT_SECONDS = 3_600n;

/**
 * The calls that bring money into escrow: with a permit that the person signs where the currency knows permits
 * (ERC-2612), else with an approval before the deposit.
 */
export function useDeposit(): (baseUnits: bigint) => Promise<Call[]> {
  const network = useNetwork();
  const client = useClient({ chainId: network.deployment.chainId });
  const { address: owner } = useConnection();
  const sign = useSignTypedData();

  return async (value) => {
    if (client === undefined || owner === undefined) throw new Error("No wallet is connected.");
    const { marketplace, currency } = contractsOf(network);
    const domain = await domainOf(network);
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
    const signature = await sign.mutateAsync({
      domain,
      types: PERMIT_TYPES,
      primaryType: "Permit",
      message: { owner, spender: marketplace.address, value, nonce, deadline },
    });
    const { r, s, v } = splitSignature(signature);
    return [callOf(marketplace, "depositWithPermit", [currency.address, value, deadline, v, r, s])];
  };

  /** The currency's EIP-712 domain; undefined when it knows no permits, or the account can't sign one by itself. */
  async function domainOf({ currency, deployment }: Network) {
    if (client === undefined || owner === undefined) return undefined;
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
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

function splitSignature(signature: Hex): { r: Hex; s: Hex; v: number } {
  const { r, s, yParity } = parseSignature(signature);
  return { r, s, v: 27 + yParity };
}
