/**
 * Deploys Wattline on a development chain, for tests, benchmarks and simulations. It takes the steps of the Ignition module
 * `Wattline`, in the same order and from the same account, so that every contract gets the address that the module gives
 * it (`test/deployment` compares the two); it needs no journal and no polling for confirmations, and takes a tenth
 * of the time.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Deployment, marketplaceAbi, metersAbi } from "@wattline/sdk";
import {
  type Abi,
  type Address,
  createPublicClient,
  encodeDeployData,
  getAddress,
  type Hex,
  numberToHex,
  type PublicClient,
  type Transport,
} from "viem";

const ARTIFACTS = path.join(import.meta.dirname, "../artifacts/contracts");
interface Sending {
  Method: "eth_sendTransaction";
  Parameters: [{ from: Address; data: Hex; gas: Hex }];
  ReturnType: Hex;
}
interface Accounts {
  Method: "eth_accounts";
  Parameters?: undefined;
  ReturnType: readonly Address[];
}

/** More than any of the contracts takes, less than Ethereum's limit for a transaction (EIP-7825). */
const GAS = numberToHex(16_000_000);
const POLLING_MS = 10;

interface Artifact {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
  readonly linkReferences: Record<string, Record<string, { start: number; length: number }[]>>;
}

/**
 * Deploys Wattline from the node's first account, which pays and keeps no power over it.
 * @param chain The way to a development chain: `http(url)`, or `custom(provider)` of one in this process.
 * @throws Error when the contracts are not built, or the chain mines nothing by itself.
 */
export async function deployWattline(chain: Transport): Promise<Deployment> {
  const client = clientOf(chain);
  const from = await firstAccount(client);
  const deploy = (name: string, args?: readonly unknown[], library?: Address) =>
    deployContract(chain, name, { from, args, library });
  const fromBlock = Number(await client.getBlockNumber());

  const board = await deploy("Board");
  const metadata = await deploy("libraries/EnergyMetadata");
  const forwards = await deploy("market/Forwards");
  const mandates = await deploy("market/Mandates");
  const microgrids = await deploy("Microgrids");
  const releases = await deploy("market/Releases");
  const settlement = await deploy("market/Settlement");
  const tokens = await deploy("deployment/EnergyTokenFactory", [], metadata);
  const factory = await deploy("deployment/MetersFactory", [microgrids, tokens]);
  const marketplace = await deploy("Marketplace", [
    factory,
    settlement,
    forwards,
    releases,
    mandates,
  ]);
  const meters = await client.readContract({
    address: marketplace,
    abi: marketplaceAbi,
    functionName: "METERS",
  });
  const energy = await client.readContract({
    address: meters,
    abi: metersAbi,
    functionName: "ENERGY",
  });
  const chainId = await client.getChainId();
  return { chainId, marketplace, microgrids, meters, energy, board, fromBlock };
}

/**
 * Deploys one of the project's contracts.
 * @param name Its path below `contracts`, without the ending: `test/TestEuro`.
 * @param options Who deploys, if not the node's first account; constructor arguments; the library that it links.
 * @throws Error when it is not built or its constructor reverts.
 */
export async function deployContract(
  chain: Transport,
  name: string,
  options: {
    readonly from?: Address | undefined;
    readonly args?: readonly unknown[] | undefined;
    readonly library?: Address | undefined;
  } = {},
): Promise<Address> {
  const client = clientOf(chain);
  const { from = await firstAccount(client), args = [], library } = options;
  const { abi, bytecode, linkReferences } = await artifactOf(name);
  const data = encodeDeployData({
    abi,
    bytecode: link(name, bytecode, linkReferences, library),
    args,
  });
  const hash = await client.request<Sending>({
    method: "eth_sendTransaction",
    params: [{ from, data, gas: GAS }],
  });
  const { contractAddress } = await client.waitForTransactionReceipt({ hash });
  if (!contractAddress) throw new Error(`${name} could not be deployed: its constructor reverts.`);
  return getAddress(contractAddress);
}

async function firstAccount(client: PublicClient): Promise<Address> {
  const [first] = await client.request<Accounts>({ method: "eth_accounts" });
  if (first === undefined) throw new Error("The node has no account to deploy from.");
  return first;
}

const clientOf = (chain: Transport): PublicClient =>
  createPublicClient({
    transport: chain,
    pollingInterval: POLLING_MS,
    cacheTime: 0,
  });

/**
 * The code of one of the project's contracts as it is on a chain, without immutable values.
 * @param name The file's path below `contracts`, without the ending.
 * @throws Error when it is not built.
 */
export const artifactCode = async (name: string, contract: string): Promise<Hex> =>
  (await artifactOf(name, contract)).deployedBytecode;

async function artifactOf(name: string, contract = path.basename(name)): Promise<Artifact> {
  const file = path.join(ARTIFACTS, `${name}.sol`, `${contract}.json`);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`The artifact of ${name} is missing: run npm run build.`, { cause });
  });
  return JSON.parse(text);
}

function link(
  name: string,
  bytecode: Hex,
  references: Artifact["linkReferences"],
  library: Address | undefined,
): Hex {
  let linked: Hex = bytecode;
  const places = Object.values(references).flatMap((libraries) => Object.values(libraries).flat());
  for (const { start, length } of places) {
    if (library === undefined) throw new Error(`${name} links a library, and none was named.`);
    const text = linked.slice(2);
    linked = `0x${text.slice(0, 2 * start)}${library.slice(2)}${text.slice(2 * (start + length))}`;
  }
  return linked;
}
