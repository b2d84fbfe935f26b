import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { RelayClient } from "@wattline/relay/client";
import { freePorts } from "../../../../scripts/testing/ports.ts";
import { until } from "../../../../scripts/testing/until.ts";
import { Operator } from "../../../auctioneer/test/support/operator.ts";
import { kill } from "../../../relay/test/support/node.ts";
import { freshFolder } from "../../../relay/test/support/relays.ts";
import type { World } from "../../../relay/test/support/world.ts";

const CLOCK = path.resolve("services/node/test/support/clock.mjs");
const START_MS = 240_000;

/** A part of a node that runs as a process of its own, and can be killed and started again. */
export class Part {
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #answers: (said: string) => Promise<boolean>;
  #child: ChildProcess | undefined;
  #output = "";

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    /** Whether it answers; `said` is what it has written since it was started. */
    answers: (said: string) => Promise<boolean>,
  ) {
    this.#args = args;
    this.#env = env;
    this.#answers = answers;
  }

  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    const { DATABASE_URL: _, ...inherited } = process.env;
    const before = this.#output.length;
    const child = spawn(process.execPath, ["--import", CLOCK, ...this.#args], {
      env: { ...inherited, ...this.#env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.on("data", (text) => {
        this.#output += text;
      });
    }
    this.#child = child;
    await until(
      `${this.#args.join(" ")} answers`,
      () => {
        if (child.exitCode !== null) throw new Error(`It ended: ${this.#output}`);
        return this.#answers(this.#output.slice(before)).catch(() => false);
      },
      START_MS,
    );
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.#child !== undefined) await kill(this.#child, signal);
  }
}

/** What a promise has come to, as the node tells it. */
export interface Status {
  readonly state: "connected" | "offline" | "settling";
  readonly meters: number;
  readonly sums: Readonly<
    Record<"energyWh" | "settledWh" | "failedWh" | "costMillis", string> &
      Record<"promises" | "readings" | "readingsWaiting", number>
  >;
  readonly failures: readonly {
    readonly seller: string;
    readonly buyer: string;
    readonly slot: number;
    readonly energyWh: string;
    readonly reason: string;
    readonly cause: string;
    readonly buyerBearsMillis: string;
    readonly sellerBearsMillis: string;
  }[];
  readonly contradictions: readonly {
    readonly meter: string;
    readonly slot: number;
    readonly handedWh: string;
    readonly otherWh: string;
    readonly where: string;
  }[];
  readonly promises?: readonly {
    readonly seller: string;
    readonly buyer: string;
    readonly slot: number;
    readonly energyWh: string;
    readonly settledWh: string;
    readonly failedWh: string;
  }[];
}

/** The parts of an island node, each as a process, on a clock that the test sets. */
export async function openNode(world: Pick<World, "deployment">, rpcUrl: string, account: number) {
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-island-"));
  const inFolder = (name: string): string => path.join(folder, name);
  const [gatewayPort = 0, relayPort = 0, promisesPort = 0] = await freePorts(3);
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  const clock = inFolder("clock");
  writeFileSync(clock, "0");
  writeFileSync(inFolder("deployment.json"), JSON.stringify(world.deployment));
  let offsetMs = 0;
  const clockIs = { WATTLINE_TEST_CLOCK: clock };
  const isOk = async (from: string): Promise<boolean> => (await fetch(from)).status < 500;
  const gateway = new Part(
    ["services/node/src/gateway/main.ts"],
    {
      ...clockIs,
      WATTLINE_RPC_URL: rpcUrl,
      WATTLINE_DEPLOYMENT: inFolder("deployment.json"),
      WATTLINE_PORT: String(gatewayPort),
      WATTLINE_DATA: inFolder("chain.json"),
    },
    () => isOk(`${url(gatewayPort)}/health`),
  );
  const relay = new Part(
    ["services/relay/src/main.ts"],
    {
      ...clockIs,
      WATTLINE_RPC_URL: url(gatewayPort),
      WATTLINE_DEPLOYMENT: inFolder("deployment.json"),
      WATTLINE_PORT: String(relayPort),
      WATTLINE_DATA: await freshFolder(world),
      WATTLINE_OFFLINE_AFTER: "600",
    },
    async () => (await (await fetch(`${url(relayPort)}/health`)).text()).includes("lagBlocks"),
  );
  const operator = await Operator.of(
    { deployment: world.deployment, rpcUrl: url(gatewayPort) },
    account,
  );
  const toml = operator
    .toml({ relays: [url(relayPort)], board: false, waitMinutes: 15, stuckSeconds: 60 })
    .replace('most_a_day = "10"', 'most_a_day = "1000"');
  writeFileSync(
    operator.place("auctioneer.toml"),
    `${toml}\n[island]\nport = ${promisesPort}\noffline_minutes = 10\nhold_hours = 24\n`,
  );
  const auctioneer = new Part(
    ["services/auctioneer/src/main.ts", "run", "-c", operator.place("auctioneer.toml")],
    clockIs,
    () => isOk(`${url(promisesPort)}/promises`),
  );
  return {
    /** An agent of a home, run as its household does. */
    agent(config: string): Part {
      const args = ["services/agent/src/main.ts", "-c", config, "run"];
      return new Part(args, clockIs, async (said) => said.includes("The agent runs"));
    },
    folder: operator.folder,
    settler: operator.account.address,
    gatewayUrl: url(gatewayPort),
    relayUrl: url(relayPort),
    promisesUrl: url(promisesPort),
    deploymentFile: inFolder("deployment.json"),
    client: new RelayClient(url(relayPort)),
    parts: [gateway, relay, auctioneer] as const,
    /** What the clocks of all parts show, Unix seconds. */
    setClock(seconds: number): void {
      offsetMs = Math.round(seconds * 1000 - Date.now());
      writeFileSync(clock, String(offsetMs));
    },
    /** Unix milliseconds. */
    nowMs: (): number => Date.now() + offsetMs,
    async start(): Promise<void> {
      for (const part of this.parts) await part.start();
    },
    async status(maker = ""): Promise<Status> {
      const query = maker === "" ? "" : `?maker=${maker}`;
      return (await fetch(`${url(promisesPort)}/promises${query}`)).json() as Promise<Status>;
    },
    /** What the parts have said, to be shown when a test fails. */
    told(): string {
      return this.parts.map(({ output }) => output).join("\n");
    },
    /** Hands signed readings over, as an agent does. */
    handOver: (readings: readonly object[]): Promise<Response> =>
      fetch(`${url(promisesPort)}/readings`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ readings }),
      }),
    async close(): Promise<void> {
      for (const part of [auctioneer, relay, gateway]) await part.kill();
      await operator.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type IslandNode = Awaited<ReturnType<typeof openNode>>;
