import { filesOf, type NodeConfig, publicUrlsOf, urlsOf } from "@wattline/node/config";
import type { PartSpec } from "../start/part.ts";
import {
  answers,
  chainAnswers,
  frontendPart,
  indexerPart,
  inProject,
  relayPart,
} from "../start/services.ts";

/** The parts of an island node. All of them read the chain through the gateway. */
export function partsOf(file: string, config: NodeConfig): PartSpec[] {
  const { network, chain, deploymentFile: deployment, outage } = config;
  const { host } = network;
  const files = filesOf(config);
  const urls = urlsOf(config);
  const service = { host, rpcUrl: urls.gateway, deployment };
  return [
    {
      name: "chain",
      script: inProject("services/node/src/gateway/main.ts"),
      env: {
        WATTLINE_RPC_URL: chain.rpc_url,
        WATTLINE_DEPLOYMENT: deployment,
        WATTLINE_HOST: host,
        WATTLINE_PORT: String(network.gateway),
        WATTLINE_DATA: files.chain,
      },
      needs: [],
      check: (signal) => chainAnswers(urls.gateway, signal),
      startSeconds: 60,
      whenDead: "restart",
    },
    relayPart(
      { ...service, port: network.relay, data: files.relay },
      {
        WATTLINE_OFFLINE_AFTER: String(outage.offline_minutes * 60),
        WATTLINE_TRUSTED_PROXIES: network.trusted_proxies.join(","),
      },
    ),
    {
      name: "auctioneer",
      script: inProject("scripts/node/auctioneer.ts"),
      args: [file],
      needs: ["chain", "relay"],
      check: (signal) => answers(`${urls.promises}/promises`, signal),
      startSeconds: 60,
      whenDead: "restart",
    },
    indexerPart({ ...service, port: network.indexer, data: files.indexer }),
    frontendPart({ host, port: network.pages }, files.pages, files.readings),
  ];
}

/** The `wattline.json` of the node's pages. */
export function pagesConfig({ deployment, pages, network }: NodeConfig): string {
  const urls = publicUrlsOf({ network });
  const { name, currency } = pages;
  const entry = {
    deployment,
    name,
    rpcUrl: urls.gateway,
    relayUrl: urls.relay,
    indexerUrl: urls.indexer,
    nodeUrl: urls.promises,
    auctioneerUrl: urls.mandates,
    currency,
  };
  return `${JSON.stringify({ networks: [entry] }, undefined, 2)}\n`;
}
