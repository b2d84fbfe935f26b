import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { KNOWN_KEY, writeKeystore, writeNew } from "@wattline/common/keys";
import { keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { EURO, localAccount, type World } from "../../../relay/test/support/world.ts";
import type { IslandNode } from "./parts.ts";

/** W that the home uses, always. */
export const LOAD_W = 400;

/**
 * A home that only uses energy, with an agent that trades for it: its money is locked to the node, and the agent's delegate is
 * the lock's signer.
 * @returns Its account, the agent's configuration, and what ends its meter, which is asked over HTTP.
 */
export async function agentHome(
  world: World,
  node: Pick<
    IslandNode,
    "folder" | "settler" | "nowMs" | "gatewayUrl" | "relayUrl" | "promisesUrl" | "deploymentFile"
  >,
  index: number,
  lockedUntil: number,
) {
  const account = localAccount(index);
  const folder = path.join(node.folder, "home");
  const file = (name: string): string => path.join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeNew(file("password"), "open sesame\n");
  const keyOf = async (name: string) => {
    const privateKey = keccak256(toHex(`${name} of the agent at ${world.rpcUrl}`));
    await writeKeystore(file(`${name}.json`), "secp256k1", privateKey, "open sesame", KNOWN_KEY);
    return privateKeyToAccount(privateKey);
  };
  const [device, delegate] = [await keyOf("device"), await keyOf("delegate")];
  await world.client.setBalance({ address: account.address, value: 10n ** 18n });
  await world.fund(account, 100n * EURO);
  await world.registerDevice(device, { owner: account.address, source: "Solar", capacityW: 0 });
  await world.market(account, "lock", [world.euro, node.settler, delegate.address, lockedUntil]);
  const began = node.nowMs();
  const meter = createServer((_, response) => {
    const wh = Math.floor((LOAD_W * (node.nowMs() - began)) / 3_600_000);
    response.end(JSON.stringify({ import: 1_000 + wh, export: 0 }));
  });
  await new Promise<void>((resolve) => meter.listen(0, "127.0.0.1", resolve));
  const { port } = meter.address() as AddressInfo;
  const key = (name: string): string => `{ keystore = "${name}.json", password_file = "password" }`;
  writeFileSync(
    file("agent.toml"),
    `
[chain]
deployment = "${node.deploymentFile}"
rpc_url = "${node.gatewayUrl}"
[report]
by = "url"
url = "${node.promisesUrl}/readings"
every_minutes = 15
[[homes]]
name = "Agent's"
microgrid = 1
capacity_w = 0
device = ${key("device")}
delegate = ${key("delegate")}
[homes.trading]
relay = "${node.relayUrl}"
floor = "0.10"
ceiling = "0.28"
most_a_day = "50.00"
settler = "${node.settler}"
[[homes.meters]]
name = "grid"
type = "http"
url = "http://127.0.0.1:${port}"
every_seconds = 1
import = { path = "import", unit = "Wh" }
export = { path = "export", unit = "Wh" }
`,
  );
  return {
    account,
    config: file("agent.toml"),
    close: () => new Promise((resolve) => meter.close(resolve)),
  };
}
