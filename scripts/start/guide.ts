import { styleText } from "node:util";
import type { NetworkConfig } from "./config.ts";
import type { urlsOf } from "./parts.ts";

/** All addresses, for a person with a browser and perhaps a wallet. */
export function guideTo(
  network: NetworkConfig | undefined,
  { frontendUrl, rpcUrl, relayUrl, indexerUrl }: ReturnType<typeof urlsOf>,
  missing: readonly string[],
): string {
  const { deployment, currency, demo } = network ?? {};
  const bold = (text: string) => styleText("bold", text, { stream: process.stdout });
  const places = Object.entries({
    chain: `${rpcUrl}, chain id ${deployment?.chainId}`,
    relay: `${relayUrl}/openapi.json`,
    indexer: `${indexerUrl}/graphql`,
    marketplace: deployment?.marketplace,
    meters: deployment?.meters,
    energy: deployment?.energy,
    euro: currency?.address,
  });
  return [
    "",
    missing.includes("frontend")
      ? bold("Wattline is running, without its pages")
      : bold(`Wattline is running at ${frontendUrl}`),
    ...(missing.length > 0 ? [`Not there: ${missing.join(", ")}; see above.`] : []),
    "The dApp has a demo wallet for each of these people. Their keys are public: never use them elsewhere.",
    ...(demo?.accounts ?? []).map(
      ({ name, role, address, privateKey }) =>
        `  ${`${name}, ${role}`.padEnd(20)} ${address}  ${privateKey}`,
    ),
    ...places.map(([name, place]) => `  ${name.padEnd(20)} ${place}`),
    "Ctrl-C stops everything.",
    "",
  ].join("\n");
}
