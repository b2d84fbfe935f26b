import { FINAL_BLOCKS } from "@wattline/common/final";
import { logRanges, nodeTransport } from "@wattline/common/node";
import { shownUrl } from "@wattline/common/shownUrl";
import { Snapshot } from "@wattline/relay/snapshot";
import {
  type AccountFacts,
  type AllowanceFacts,
  asker,
  blockOf,
  type Contracts,
  decodeLog,
  type EnergyBySlot,
  type HistoryEvent,
  isFirm,
  LANES,
  type LinePrices,
  laneOf,
  linePricesOf,
  type Microgrid,
  Microgrids,
  marketplaceAbi,
  metersAbi,
  type Order,
  readAccount,
  readAllowance,
  readEnergyWh,
  type SlotRange,
  SOURCES,
  type Source,
  type TieLine,
  waysOver,
} from "@wattline/sdk";
import {
  type Address,
  createPublicClient,
  erc20Abi,
  type Hex,
  isAddressEqual,
  type PublicClient,
  zeroAddress,
} from "viem";
import type { KnownDeployment } from "../config/read.ts";
import { AgentError } from "../errors.ts";
import { homeTime } from "../outage.ts";

/** What an order has come to on chain. */
export interface Fill {
  readonly filledWh: bigint;
  readonly cancelled: boolean;
}

/** The household's meter, as it is registered. */
export interface TradingMeter {
  readonly owner: Address;
  readonly microgrid: number;
  readonly source: Source;
  /** The first slot that it may report. */
  readonly firstSlot: number;
}

/** The currency that a microgrid trades in. */
export interface Currency {
  readonly decimals: number;
  readonly symbol: string;
}

/** The market at one block, for one home. */
export interface MarketState {
  /** Unix seconds: the chain's time, or ours while the chain is out of reach. */
  readonly nowSeconds: number;
  /** Whether the chain is out of reach: all is as of its last block. */
  readonly isOffline: boolean;
  readonly meter: TradingMeter;
  readonly microgrid: Microgrid;
  /** What limits meet at over tie lines; undefined where none joins the microgrid to another. */
  readonly linePrices: LinePrices | undefined;
  readonly currency: Currency;
  readonly account: AccountFacts;
  readonly allowance: AllowanceFacts;
}

/** The market at a block, to be asked more. */
export interface MarketView extends MarketState {
  /** What a meter has promised to forwards. */
  promisedWh(device: Address, range: SlotRange): Promise<EnergyBySlot>;
  /** What the household holds of a source, minted by its meter or bought. */
  heldWh(source: Source, range: SlotRange): Promise<EnergyBySlot>;
  fillOf(order: Pick<Order, "maker" | "nonce" | "settler">): Promise<Fill>;
}

const RPC_BATCH = 100;

/** The addresses of all contracts. @throws AgentError when some are missing */
function contractsOf({ marketplace, energy, meters, microgrids }: KnownDeployment): Contracts {
  if (marketplace === undefined || energy === undefined) {
    throw new AgentError("The deployment does not say where the market is.");
  }
  return { marketplace, energy, meters, microgrids };
}

/** Reads the market from a node, for all homes of an agent. */
export class Market {
  readonly contracts: Contracts;
  readonly chainId: number;
  readonly #rpcUrl: string;
  readonly #client: PublicClient;
  #seeing: Promise<Snapshot> | undefined;
  #seen: Snapshot | undefined;
  #nextBlock: number;
  #lines: readonly TieLine[] = [];
  #events: { readonly event: HistoryEvent; readonly block: number; readonly time: number }[] = [];
  readonly #currencies = new Map<Address, Currency>();

  constructor(rpcUrl: string, deployment: KnownDeployment) {
    this.contracts = contractsOf(deployment);
    this.chainId = deployment.chainId;
    this.#rpcUrl = rpcUrl;
    this.#nextBlock = deployment.fromBlock ?? 0;
    this.#client = createPublicClient({
      transport: nodeTransport(rpcUrl, { batchSize: RPC_BATCH, tries: 2 }),
      cacheTime: 0,
    });
  }

  /**
   * Looks at the market as it stands at the newest block; undefined while the device is not registered.
   * @param nowMs Our clock, Unix milliseconds; without it the chain's is ours.
   * @throws AgentError when the node is of another chain, and what the node throws.
   */
  async look(device: Address, delegate: Address, nowMs = 0): Promise<MarketView | undefined> {
    const view = await this.#newest();
    const time = homeTime(view.nowSeconds, nowMs);
    const askMeters = asker(view, this.contracts.meters, metersAbi);
    const found = await askMeters("meterOf", [device]);
    const { owner, microgrid: number, firstSlot, source: index } = found;
    if (isAddressEqual(owner, zeroAddress)) return undefined;
    const [microgrid, source] = [view.microgrid(number), SOURCES[index]];
    if (microgrid === undefined || source === undefined) {
      throw new AgentError(
        `The device ${device} is registered in microgrid ${number}, source ${index}, which the node does not know.`,
      );
    }
    const [currency, account, allowance] = await Promise.all([
      this.#currency(microgrid.currency),
      readAccount(view, microgrid.currency, owner),
      readAllowance(view, owner, microgrid.currency, delegate),
    ]);
    const askMarket = asker(view, this.contracts.marketplace, marketplaceAbi);
    return {
      ...time,
      meter: { owner, microgrid: number, source, firstSlot },
      microgrid,
      linePrices: linePricesOf(
        microgrid,
        waysOver(this.#lines, (each) => view.microgrid(each), view.nowSeconds),
      ),
      currency,
      account,
      allowance,
      async promisedWh(of, { firstSlot: from, lastSlot }) {
        const promised = new Map<number, bigint>();
        const blocks = blockOf(lastSlot) - blockOf(from) + 1;
        await Promise.all(
          Array.from({ length: blocks }, async (_, index) => {
            const block = blockOf(from) + index;
            const [committed] = await askMeters("deliveryOf", [of, block]);
            for (let lane = 0; lane < LANES; lane++) {
              const wh = laneOf(committed, lane);
              if (wh > 0n) promised.set(block * LANES + lane, wh);
            }
          }),
        );
        return promised;
      },
      heldWh: (of, range) => readEnergyWh(view, { maker: owner, microgrid: number }, of, range),
      async fillOf({ maker, nonce, settler }) {
        if (isFirm({ nonce })) {
          const args = [maker, microgrid.currency, settler, nonce] as const;
          return { filledWh: await askMarket("firmFillOf", args), cancelled: false };
        }
        const [filledWh, cancelled] = await askMarket("fillOf", [maker, nonce]);
        return { filledWh, cancelled };
      },
    };
  }

  /** The chain at its newest block. Homes that look at the same time share it, and what they ask goes out together. */
  #newest(): Promise<Snapshot> {
    this.#seeing ??= this.#see().finally(() => {
      this.#seeing = undefined;
    });
    return this.#seeing;
  }

  async #see(): Promise<Snapshot> {
    const [chainId, block] = await Promise.all([
      this.#client.getChainId(),
      this.#client.getBlock(),
    ]);
    if (chainId !== this.chainId) {
      throw new AgentError(
        `The node at ${shownUrl(this.#rpcUrl)} is of chain ${chainId}, the deployment is on chain ${this.chainId}. Mend chain.rpc_url or chain.deployment.`,
      );
    }
    if (this.#seen?.head.hash === block.hash) return this.#seen;
    const head = {
      number: Number(block.number),
      hash: block.hash,
      time: Number(block.timestamp),
    };
    const book = await this.#microgridsAt(head.number);
    const microgrids = new Map(book.all().map((each) => [each.microgrid, each]));
    this.#lines = book.lines();
    this.#seen = new Snapshot(this.#client, this.contracts, head, microgrids, false);
    return this.#seen;
  }

  /** Microgrids from their events. The newest blocks are read again each time: they may have been replaced. */
  async #microgridsAt(head: number): Promise<Microgrids> {
    const from = Math.min(this.#nextBlock, Math.max(0, head - FINAL_BLOCKS));
    const events = this.#events.filter(({ block }) => block < from);
    const { microgrids } = this.contracts;
    for await (const { answer: logs } of logRanges(this.#client, [microgrids], from, head)) {
      for (const { address, topics, data, logIndex, blockNumber, blockHash, ...log } of logs) {
        if (blockNumber === null || blockHash === null || logIndex === null) continue;
        const event = decodeLog(this.contracts, { address, topics, data, logIndex });
        if (event === undefined) continue;
        const time = log.blockTimestamp ?? (await this.#timeOf(blockHash));
        events.push({ event, block: Number(blockNumber), time: Number(time) });
      }
    }
    this.#events = events;
    this.#nextBlock = head + 1;
    const book = new Microgrids();
    for (const { event, time } of events) book.add(event, time);
    return book;
  }

  async #timeOf(blockHash: Hex): Promise<bigint> {
    return (await this.#client.getBlock({ blockHash })).timestamp;
  }

  async #currency(address: Address): Promise<Currency> {
    const known = this.#currencies.get(address);
    if (known !== undefined) return known;
    const token = { address, abi: erc20Abi } as const;
    const [decimals, symbol] = await Promise.all([
      this.#client.readContract({ ...token, functionName: "decimals" }),
      this.#client.readContract({ ...token, functionName: "symbol" }),
    ]);
    this.#currencies.set(address, { decimals, symbol });
    return { decimals, symbol };
  }
}
