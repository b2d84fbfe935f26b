import { readFile } from "node:fs/promises";
import { type Deployment, marketplaceAbi, metersAbi } from "@wattline/sdk";
import { type Abi, type Address, getAddress, type Hex } from "viem";
import { FEES, type Sender } from "./world.ts";

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly linkReferences: Record<string, Record<string, { start: number; length: number }[]>>;
}

/** Brings Wattline and a play currency onto a chain, as the Ignition module does. */
export async function deployWattline(
  sender: Sender,
): Promise<{ deployment: Deployment; euro: Address }> {
  const metadata = await deploy(sender, "libraries/EnergyMetadata");
  const tokens = await deploy(sender, "deployment/EnergyTokenFactory", [], metadata);
  const factory = await deploy(sender, "deployment/MetersFactory", [tokens]);
  const settlement = await deploy(sender, "market/Settlement");
  const forwards = await deploy(sender, "market/Forwards");
  const marketplace = await deploy(sender, "Marketplace", [factory, settlement, forwards]);
  const [board, euro] = [await deploy(sender, "Board"), await deploy(sender, "test/TestEuro")];
  const meters = await sender.client.readContract({
    address: marketplace,
    abi: marketplaceAbi,
    functionName: "METERS",
  });
  const energy = await sender.client.readContract({
    address: meters,
    abi: metersAbi,
    functionName: "ENERGY",
  });
  const chainId = await sender.client.getChainId();
  return { deployment: { chainId, marketplace, meters, energy, board, fromBlock: 0 }, euro };
}

/** Deploys one of the project's contracts. */
export async function deploy(
  { client, account }: Sender,
  name: string,
  args: readonly unknown[] = [],
  library?: Address,
): Promise<Address> {
  const { abi, bytecode, linkReferences } = await artifactOf(name);
  const hash = await client.deployContract({
    abi,
    bytecode: link(bytecode, linkReferences, library),
    args: [...args],
    account,
    chain: null,
    gas: 16_000_000n,
    ...FEES,
  });
  const { contractAddress } = await client.waitForTransactionReceipt({ hash });
  if (!contractAddress) throw new Error(`${name} has not been deployed.`);
  return getAddress(contractAddress);
}

async function artifactOf(name: string): Promise<Artifact> {
  const file = `artifacts/contracts/${name}.sol/${name.split("/").at(-1)}.json`;
  return JSON.parse(await readFile(file, "utf8"));
}

function link(
  bytecode: Hex,
  references: Artifact["linkReferences"],
  library: Address | undefined,
): Hex {
  let linked = bytecode;
  const places = Object.values(references).flatMap((libraries) => Object.values(libraries).flat());
  for (const { start, length } of places) {
    if (library === undefined) throw new Error("The contract wants a library.");
    const text = linked.slice(2);
    linked = `0x${text.slice(0, 2 * start)}${library.slice(2)}${text.slice(2 * (start + length))}`;
  }
  return linked;
}
