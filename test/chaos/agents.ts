import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { KNOWN_KEY, writeKeystore, writeNew } from "@wattline/common/keys";
import { type Address, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { EURO, localAccount, type World } from "../../services/relay/test/support/world.ts";
import type { Clock } from "./clock.ts";

/** What an agent needs to know of where it is. */
export interface Where {
  readonly folder: string;
  readonly deploymentFile: string;
  readonly rpcUrl: string;
  readonly relayUrl: string;
  readonly promisesUrl: string;
  readonly settler: Address;
  readonly lockedUntil: number;
}

/** A household whose agent measures, reports and trades for it. */
export interface AgentsHome {
  readonly owner: Address;
  readonly meter: Address;
  readonly hasPlant: boolean;
}

const FIRST_ACCOUNT = 100;
const ETHER = 10n ** 18n;
const PASSWORD = "open sesame";
const CAPACITY_W = 5_000;

/** Makes power, or uses it, always the same, day and night: every third has a heat and power plant in its cellar. */
const powerOf = (index: number): { readonly exportW: number; readonly importW: number } =>
  index % 3 === 0
    ? { exportW: 1_000 + 100 * (index % 7), importW: 0 }
    : { exportW: 0, importW: 400 + 50 * (index % 5) };

/** Meters that tell over HTTP what they have counted by the time of the play: home 3 is at `/3`. */
export async function serveMeters(
  clock: Clock,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const beganMs = clock.nowMs();
  const server: Server = createServer(({ url = "/" }, response) => {
    const { exportW, importW } = powerOf(Number(url.slice(1)));
    const countedWh = (powerW: number): number =>
      1_000 + Math.floor((powerW * (clock.nowMs() - beganMs)) / 3_600_000);
    response.end(JSON.stringify({ import: countedWh(importW), export: countedWh(exportW) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Settles homes on the chain, their money locked to the settler, and writes one agent's configuration for all of them. */
export async function settleAtAgent(
  world: World,
  where: Where,
  metersUrl: string,
  indices: readonly number[],
): Promise<{ readonly config: string; readonly homes: readonly AgentsHome[] }> {
  mkdirSync(where.folder, { recursive: true });
  writeNew(path.join(where.folder, "password"), `${PASSWORD}\n`);
  const homes: AgentsHome[] = [];
  for (const index of indices) homes.push(await settle(world, where, index));
  const config = path.join(where.folder, "agent.toml");
  writeFileSync(config, tomlOf(where, metersUrl, indices));
  return { config, homes };
}

async function settle(
  world: World,
  { folder, settler, lockedUntil }: Where,
  index: number,
): Promise<AgentsHome> {
  const account = localAccount(FIRST_ACCOUNT + index);
  const keyOf = async (name: string) => {
    const privateKey = keccak256(toHex(`${name} ${index} of the play at ${world.rpcUrl}`));
    const file = path.join(folder, `${name}-${index}.json`);
    await writeKeystore(file, "secp256k1", privateKey, PASSWORD, KNOWN_KEY);
    return privateKeyToAccount(privateKey);
  };
  const [device, delegate] = [await keyOf("device"), await keyOf("delegate")];
  await world.client.setBalance({ address: account.address, value: ETHER });
  await world.fund(account, 200n * EURO);
  const capacityW = capacityWOf(index);
  await world.registerDevice(device, { owner: account.address, source: "Cogeneration", capacityW });
  // The delegate may spend what is not locked, too, while the chain is in reach.
  const allowance = [world.euro, delegate.address, 100n * EURO, lockedUntil] as const;
  await world.market(account, "authorize", allowance);
  await world.market(account, "lock", [world.euro, settler, delegate.address, lockedUntil]);
  return { owner: account.address, meter: device.address, hasPlant: powerOf(index).exportW > 0 };
}

const capacityWOf = (index: number): number => (powerOf(index).exportW > 0 ? CAPACITY_W : 0);

function tomlOf(where: Where, metersUrl: string, indices: readonly number[]): string {
  const key = (name: string): string => `{ keystore = "${name}.json", password_file = "password" }`;
  const homes = indices.map(
    (index) => `
[[homes]]
name = "Home ${index}"
microgrid = 1
capacity_w = ${capacityWOf(index)}
device = ${key(`device-${index}`)}
delegate = ${key(`delegate-${index}`)}
[homes.trading]
relay = "${where.relayUrl}"
floor = "0.10"
ceiling = "0.28"
most_a_day = "50.00"
settler = "${where.settler}"
[[homes.meters]]
name = "grid"
type = "http"
url = "${metersUrl}/${index}"
every_seconds = 1
import = { path = "import", unit = "Wh" }
export = { path = "export", unit = "Wh" }
`,
  );
  return `
[chain]
deployment = "${where.deploymentFile}"
rpc_url = "${where.rpcUrl}"
[report]
by = "url"
url = "${where.promisesUrl}/readings"
every_minutes = 15
${homes.join("")}`;
}
