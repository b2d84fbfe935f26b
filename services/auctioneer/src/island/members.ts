import { FINAL_BLOCKS } from "@wattline/common/final";
import { logRanges } from "@wattline/common/node";
import type { Snapshot } from "@wattline/relay/chain";
import {
  asker,
  blockOf,
  type Deployment,
  LANES,
  type Microgrid,
  metersAbi,
  microgridsAbi,
  readAccount,
  readEnergyWh,
  SOURCES,
  slotAt,
} from "@wattline/sdk";
import {
  type Address,
  encodeFunctionData,
  erc20Abi,
  getAbiItem,
  isAddressEqual,
  type PublicClient,
  parseEventLogs,
  zeroAddress,
} from "viem";

/** Energy that was made so many blocks ago is asked for: two days of quarter-hours. */
const PAST_BLOCKS = 24;
/** Of a question to a currency. */
const MOST_GAS = 1_000_000n;
/** Who has joined since, and what each has, is asked so often. */
const EVERY_MS = 600_000;

/**
 * Asks for everything that a promise to any member could rest on, while the chain is in reach: what the gateway was asked it can
 * answer later, also for a household that nobody has asked about before.
 */
export class Members {
  readonly #client: PublicClient;
  readonly #deployment: Deployment;
  readonly #meters = new Set<Address>();
  #nextBlock: number;
  #askedMs = 0;
  #count = 0;

  constructor(client: PublicClient, deployment: Deployment) {
    this.#client = client;
    this.#deployment = deployment;
    this.#nextBlock = deployment.fromBlock;
  }

  /** How many meters were asked about. */
  get count(): number {
    return this.#count;
  }

  /** @throws what the node throws; the next call asks again */
  async ask(view: Snapshot, nowMs: number): Promise<void> {
    const { meters } = this.#deployment;
    const { number: head } = view.head;
    const event = getAbiItem({ abi: metersAbi, name: "MeterRegistered" });
    let hasNew = false;
    // The newest blocks are read again each time: they may have been replaced.
    const { fromBlock } = this.#deployment;
    const from = Math.max(fromBlock, Math.min(this.#nextBlock, head - FINAL_BLOCKS));
    for await (const { answer } of logRanges(this.#client, [meters], from, head, [event])) {
      const logs = parseEventLogs({
        abi: metersAbi,
        eventName: "MeterRegistered",
        logs: [...answer],
      });
      for (const { args } of logs) {
        hasNew ||= !this.#meters.has(args.meter);
        this.#meters.add(args.meter);
      }
    }
    this.#nextBlock = head + 1;
    if (!hasNew && nowMs - this.#askedMs < EVERY_MS) return;
    await Promise.all([
      ...[...view.microgrids.values()].map((microgrid) => this.#askTerms(view, microgrid)),
      ...[...this.#meters].map((meter) => this.#askOf(view, meter)),
    ]);
    this.#askedMs = nowMs;
    this.#count = this.#meters.size;
  }

  /** What agents ask of a community. */
  async #askTerms(view: Snapshot, { microgrid, currency }: Microgrid): Promise<void> {
    const { microgrids } = this.#deployment;
    await Promise.all([
      asker(view, microgrids, microgridsAbi)("termsOf", [microgrid]),
      ...(["decimals", "symbol"] as const).map((functionName) =>
        // A currency that has none is nobody's reason to stop.
        view.ask(currency, encodeFunctionData({ abi: erc20Abi, functionName }), MOST_GAS),
      ),
    ]);
  }

  async #askOf(view: Snapshot, meter: Address): Promise<void> {
    const found = await asker(view, this.#deployment.meters, metersAbi)("meterOf", [meter]);
    const microgrid = view.microgrid(found.microgrid);
    const source = SOURCES[found.source];
    if (microgrid === undefined || source === undefined) return;
    if (isAddressEqual(found.owner, zeroAddress)) return;
    const lastBlock = blockOf(slotAt(view.nowSeconds, microgrid.slotSeconds));
    const range = { firstSlot: (lastBlock - PAST_BLOCKS) * LANES, lastSlot: lastBlock * LANES };
    const whose = { maker: found.owner, microgrid: found.microgrid };
    await Promise.all([
      readAccount(view, microgrid.currency, found.owner),
      readEnergyWh(view, whose, source, range),
    ]);
  }
}
