import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { KNOWN_KEY, writeKeystore, writeNew } from "@wattline/common/keys";
import { createTestClient, http, publicActions, toHex } from "viem";
import { until } from "../../../../scripts/testing/until.ts";
import { localAccount, type World } from "../../../relay/test/support/world.ts";
import {
  Auctioneer,
  type AuctioneerOptions,
  type Round,
  type RunningAuctioneer,
  startAuctioneer,
} from "../../src/auctioneer.ts";
import { readSettings, type Settings } from "../../src/config.ts";

/** What an operator may set otherwise than usual. */
export interface Wishes {
  readonly rpcUrl?: string;
  readonly relays?: readonly string[];
  readonly board?: boolean;
  /** In ether. */
  readonly mostADay?: string;
  readonly leastWh?: number;
  readonly stuckSeconds?: number;
  readonly waitMinutes?: number;
  /** Of households that it sends signed calls for, by default none; at any port. */
  readonly mandates?: { readonly householdADay?: number; readonly allADay?: number };
  /** Whether it promises while no chain is in reach: ten minutes after the newest block. */
  readonly island?: boolean;
}

/** What an operator needs to know of a chain. */
type Where = Pick<World, "deployment" | "rpcUrl">;

/** An auctioneer whose calls end when what they have sent is mined: a node that mines at once does so a moment after its answer. */
class ByHand extends Auctioneer {
  readonly #rpcUrl: string;

  constructor(rpcUrl: string, ...auctioneer: ConstructorParameters<typeof Auctioneer>) {
    super(...auctioneer);
    this.#rpcUrl = rpcUrl;
  }

  override round(signal: AbortSignal): Promise<Round> {
    return this.#mined(super.round(signal));
  }

  override sendMandate(): Promise<Round> {
    return this.#mined(super.sendMandate());
  }

  async #mined(sending: Promise<Round>): Promise<Round> {
    const round = await sending;
    const node = createTestClient({ mode: "anvil", transport: http(this.#rpcUrl) });
    const { getAutomine, getTransactionCount } = node.extend(publicActions);
    const nonceAt = (blockTag: "latest" | "pending") =>
      getTransactionCount({ address: this.address, blockTag });
    if (await getAutomine()) {
      await until(
        "everything is mined",
        async () => (await nonceAt("latest")) === (await nonceAt("pending")),
      );
    }
    return round;
  }
}

/** Somebody who runs an auctioneer: a folder with key, deployment and configuration. */
export class Operator {
  readonly folder = mkdtempSync(path.join(tmpdir(), "wattline-auctioneer-"));
  readonly account: ReturnType<typeof localAccount>;
  readonly lines: string[] = [];
  readonly #world: Where;
  #running: RunningAuctioneer[] = [];

  private constructor(world: Where, index: number) {
    this.#world = world;
    this.account = localAccount(index);
  }

  /** @param index The number of the local account that sends. */
  static async of(world: Where, index: number): Promise<Operator> {
    const operator = new Operator(world, index);
    const privateKey = toHex(localAccount(index).getHdKey().privateKey ?? new Uint8Array());
    writeNew(operator.place("sender.password"), "open sesame\n");
    const file = operator.place("sender.json");
    await writeKeystore(file, "secp256k1", privateKey, "open sesame", KNOWN_KEY);
    writeFileSync(operator.place("deployment.json"), JSON.stringify(world.deployment));
    return operator;
  }

  place(name: string): string {
    return path.join(this.folder, name);
  }

  /** Writes `auctioneer.toml` and reads it. */
  settings(wishes: Wishes = {}): Settings {
    writeFileSync(this.place("auctioneer.toml"), this.toml(wishes));
    return readSettings(this.place("auctioneer.toml"));
  }

  toml({
    rpcUrl = this.#world.rpcUrl,
    relays = [],
    board = relays.length === 0,
    mostADay = "10",
    leastWh = 1,
    stuckSeconds = 3_600,
    waitMinutes = 0,
    mandates,
    island = false,
  }: Wishes = {}): string {
    return `
[chain]
deployment = "deployment.json"
rpc_url = "${rpcUrl}"
[account]
key = { keystore = "sender.json", password_file = "sender.password" }
[orders]
relays = ${JSON.stringify(relays)}
board = ${board}
[clear]
wait_minutes = ${waitMinutes}
[gas]
most_a_day = "${mostADay}"
least_wh = ${leastWh}
stuck_seconds = ${stuckSeconds}
${
  mandates === undefined
    ? ""
    : `[mandates]
port = 0
household_a_day = ${mandates.householdADay ?? 20}
all_a_day = ${mandates.allADay ?? 500}
`
}${island ? "[island]\nport = 0\noffline_minutes = 10\nhold_hours = 1\n" : ""}`;
  }

  /** Starts an auctioneer. */
  async start(wishes: Wishes = {}, options: AuctioneerOptions = {}): Promise<RunningAuctioneer> {
    const running = await startAuctioneer(this.settings(wishes), {
      pollMs: 20,
      readMs: 50,
      report: (line) => this.lines.push(line),
      ...options,
    });
    this.#running.push(running);
    return running;
  }

  /** An auctioneer whose rounds the test makes; each reads the orders anew. */
  byHand(wishes: Wishes = {}, now = () => Date.now()): Auctioneer {
    const report = (line: string) => void this.lines.push(line);
    const settings = this.settings(wishes);
    return new ByHand(this.#world.rpcUrl, settings, { now, readMs: 0, report });
  }

  /** The auctioneer that was started last. */
  get running(): RunningAuctioneer {
    const last = this.#running.at(-1);
    if (last === undefined) throw new Error("No auctioneer was started.");
    return last;
  }

  async stop(): Promise<void> {
    for (const each of this.#running) await each.stop();
    this.#running = [];
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
