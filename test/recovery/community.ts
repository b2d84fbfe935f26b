/** A community in which something gets lost: a chain, keys in files as people have them, and a home agent. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readKeystore } from "@wattline/common/keys";
import { type Deployment, microgridsAbi } from "@wattline/sdk";
import { type Address, encodeFunctionData, erc20Abi, toHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { startAgent } from "../../services/agent/src/agent.ts";
import { readSettings } from "../../services/agent/src/config/read.ts";
import { pair } from "../../services/agent/src/pair.ts";
import { Household, keyIn } from "../../services/agent/test/support/folder.ts";
import { type LocalNode, START, startAnvil } from "../../services/relay/test/support/node.ts";
import {
  createWorld,
  LEVEL,
  localAccount,
  RATION_WH,
  SLOT_SECONDS,
  type World,
} from "../../services/relay/test/support/world.ts";
import { type Walk, walkThrough } from "./walk.ts";

type Account = ReturnType<typeof localAccount>;

const OPERATOR = 0;
export const [OWNER, NEW_OWNER, NEW_OPERATOR, NEIGHBOUR] = [
  localAccount(2),
  localAccount(3),
  localAccount(4),
  localAccount(5),
];
export const CAPACITY_W = 8_000;

export type Community = Awaited<ReturnType<typeof createCommunity>>;

/** Accounts by the name of their key file. */
const ACCOUNTS = {
  operator: localAccount(OPERATOR),
  owner: OWNER,
  "new-owner": NEW_OWNER,
  "new-operator": NEW_OPERATOR,
  neighbour: NEIGHBOUR,
};

/** What the meter counted: each slot the same. */
export const EXPORT_WH = 400;

export async function createCommunity() {
  const node: LocalNode = await startAnvil();
  const world: World = await createWorld(node.rpcUrl);
  const files = new Household();
  mkdirSync(files.place("my-home"));
  for (const [name, account] of Object.entries(ACCOUNTS)) {
    await files.key(name, "secp256k1", toHex(account.getHdKey().privateKey ?? new Uint8Array()));
  }
  const deployment: Deployment = world.deployment;
  files.deployment(deployment);
  writeFileSync(files.place("my-home/deployment.json"), JSON.stringify(deployment));
  const device = await files.key("my-home/device");
  const delegate = await files.key("my-home/delegate");

  /** The configuration of the home's agent, which reads a file of registers and keeps what it signs. */
  function configure(trading = ""): void {
    writeFileSync(
      files.place("my-home/agent.toml"),
      `
data = "data"
[chain]
deployment = "deployment.json"
rpc_url = "${node.rpcUrl}"
[report]
by = "file"
[[homes]]
name = "Sunny Lane 1"
microgrid = 1
capacity_w = ${CAPACITY_W}
device = ${keyIn("device")}
delegate = ${keyIn("delegate")}
${trading}
[[homes.meters]]
name = "grid"
type = "replay"
path = "registers.csv"
`,
    );
  }

  /** Registers at each quarter of an hour from before the start on. */
  function writeRegisters(slots: number): void {
    const rows = ["time,import_wh,export_wh"];
    for (let slot = 0; slot <= slots; slot++) {
      const time = new Date((START + slot * SLOT_SECONDS) * 1000).toISOString();
      rows.push(`${time},5000,${7_000 + slot * EXPORT_WH}`);
    }
    writeFileSync(files.place("my-home/registers.csv"), `${rows.join("\n")}\n`);
  }

  const homeSettings = () => readSettings(files.place("my-home/agent.toml"));

  return {
    ...{ node, world, files, device, delegate },

    /** The home's folder as it is before something is lost. */
    begin(): void {
      rmSync(files.place("my-home/data"), { recursive: true, force: true });
      for (const name of ["device-2", "delegate-2"]) {
        for (const ending of ["json", "password"]) {
          rmSync(files.place(`my-home/${name}.${ending}`), { force: true });
        }
      }
      configure();
      writeRegisters(24);
    },

    /** Registers the home's device, as its operator does. */
    async registerHome(): Promise<void> {
      const settings = homeSettings();
      const [home] = settings.config.homes;
      if (home === undefined) throw new Error("There is no home.");
      for (const each of await pair(settings, home, OWNER.address, "https://dapp.example/")) {
        const { device: meter, source, capacityW, consent } = each;
        await world.register({ owner: OWNER.address, meter, source, capacityW }, consent);
      }
    },

    /** The key in a key file. */
    keyIn: (name: string): PrivateKeyAccount =>
      privateKeyToAccount(
        readKeystore(files.place(`${name}.json`), files.place(`${name}.password`)).privateKey,
      ),

    /** Founds a microgrid, and joins it to another one by a tie line. @returns its number */
    async join(other: number, operatorOfOther: Account, operator: Account): Promise<number> {
      const { microgrids } = deployment;
      const { charter } = await world.client.readContract({
        address: microgrids,
        abi: microgridsAbi,
        functionName: "microgridOf",
        args: [other],
      });
      const call = (account: Account, functionName: "found" | "proposeTieLine", args: unknown) =>
        world.send(
          account,
          microgrids,
          encodeFunctionData({ abi: microgridsAbi, functionName, args } as Parameters<
            typeof encodeFunctionData<typeof microgridsAbi>
          >[0]),
        );
      await call(operator, "found", [charter, 0, [LEVEL], localAccount(1).address, RATION_WH]);
      const founded = await world.client.readContract({
        address: microgrids,
        abi: microgridsAbi,
        functionName: "microgridCount",
      });
      const line = { lossBps: 100, capacity: 10_000, wheelingUp: 0n, wheelingDown: 0n };
      await call(operator, "proposeTieLine", [founded, other, line]);
      await call(operatorOfOther, "proposeTieLine", [other, founded, line]);
      return founded;
    },

    /** A page, with what its reader knows. */
    walk: (page: string): Walk =>
      walkThrough(page, files.folder, {
        WATTLINE_DEPLOYMENT: "deployment.json",
        WATTLINE_RPC_URL: node.rpcUrl,
        CURRENCY: world.euro,
        OWNER: OWNER.address,
        NEW_OWNER: NEW_OWNER.address,
        NEW_OPERATOR: NEW_OPERATOR.address,
        DSO: localAccount(1).address,
        DEVICE: device.address,
        DELEGATE: delegate.address,
      }),

    /** Lets the home's agent read and sign what the meter has counted by now. */
    async meterHome(slots = 24): Promise<void> {
      const agent = await startAgent(homeSettings(), {
        now: () => (START + slots * SLOT_SECONDS) * 1000,
        report: () => undefined,
      });
      await agent.ended;
      await agent.stop();
    },

    /** The address in a key file. */
    addressIn(name: string): Address {
      const { address } = JSON.parse(readFileSync(files.place(`${name}.json`), "utf8"));
      return `0x${address}`;
    },

    /** What an account has of the currency outside the escrow. */
    balanceUnits: (holder: Address): Promise<bigint> =>
      world.client.readContract({
        address: world.euro,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [holder],
      }),

    async close(): Promise<void> {
      await node.stop();
      files.remove();
    },
  };
}
