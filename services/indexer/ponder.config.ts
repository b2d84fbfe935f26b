import path from "node:path";
import { boardAbi, energyTokenAbi, marketplaceAbi, metersAbi, microgridsAbi } from "@wattline/sdk";
import { createConfig } from "ponder";
import { readSettings } from "./settings.ts";

const { deployment, rpcUrl, databaseUrl, dataFolder, isDevelopment } = readSettings(process.env);
/** Ponder starts with 20 requests a second to an endpoint: a node on the same machine takes far more. */
const LOCAL_CONNECTIONS = 25;
/** With its closing slash: without it, Ponder takes a local node for a public one, and warns of each connection. */
const rpc = new URL(rpcUrl).href;
const startBlock = deployment.fromBlock;

export default createConfig({
  database:
    databaseUrl === undefined
      ? { kind: "pglite", directory: path.join(dataFolder, "pglite") }
      : { kind: "postgres", connectionString: databaseUrl },
  chains: {
    wattline: {
      id: deployment.chainId,
      rpc: isDevelopment ? new Array<string>(LOCAL_CONNECTIONS).fill(rpc) : rpc,
      pollingInterval: isDevelopment ? 100 : 1_000,
      // A restarted development chain reuses its block numbers.
      disableCache: isDevelopment,
    },
  },
  contracts: {
    Microgrids: {
      abi: microgridsAbi,
      chain: "wattline",
      address: deployment.microgrids,
      startBlock,
      includeTransactionReceipts: true,
    },
    Meters: {
      abi: metersAbi,
      chain: "wattline",
      address: deployment.meters,
      startBlock,
      includeTransactionReceipts: true,
    },
    EnergyToken: {
      abi: energyTokenAbi,
      chain: "wattline",
      address: deployment.energy,
      startBlock,
      includeTransactionReceipts: true,
    },
    Marketplace: {
      abi: marketplaceAbi,
      chain: "wattline",
      address: deployment.marketplace,
      startBlock,
      includeTransactionReceipts: true,
    },
    Board: {
      abi: boardAbi,
      chain: "wattline",
      address: deployment.board,
      startBlock,
      includeTransactionReceipts: true,
    },
  },
});
