import {
  type Act,
  actsOf,
  openBlocksOf,
  type PositionView,
  positionsOf,
  type Release,
} from "@wattline/sdk";
import type { Deployment } from "./deployment.ts";

/** What a transaction did, and which one. */
export interface ToldAct {
  readonly act: Act;
  /** The transaction's hash. */
  readonly transaction: string;
}

/** What has happened on a chain since Wattline was deployed there, read from its events: of transactions by any sender. */
export class Ledger {
  readonly #wattline: Deployment;
  readonly #told: ToldAct[] = [];
  #nextBlock: number;

  constructor(wattline: Deployment) {
    this.#wattline = wattline;
    this.#nextBlock = wattline.fromBlock;
  }

  /** All acts that were read so far, in order. */
  get told(): readonly ToldAct[] {
    return this.#told;
  }

  /**
   * Reads the chain up to its newest block.
   * @returns What is new.
   */
  async follow(): Promise<readonly ToldAct[]> {
    const { addresses, chain, eventsIn } = this.#wattline;
    const { provider } = chain.ethers;
    const latest = await provider.getBlockNumber();
    if (latest < this.#nextBlock) return [];
    const { marketplace, microgrids, meters, energy } = addresses;
    const address = [marketplace, microgrids, meters, energy];
    const logs = await provider.getLogs({ address, fromBlock: this.#nextBlock, toBlock: latest });
    this.#nextBlock = latest + 1;
    const fresh = [...Map.groupBy(logs, ({ transactionHash }) => transactionHash)].flatMap(
      ([transaction, own]) => actsOf(addresses, eventsIn(own)).map((act) => ({ act, transaction })),
    );
    this.#told.push(...fresh);
    return fresh;
  }

  /** Forwards with blocks that are still open. */
  openPositions(): PositionView[] {
    return positionsOf(this.#told.map(({ act }) => act)).filter((view) => openBlocksOf(view) > 0n);
  }

  /** Forwards of a block, which can be released once it is reported. */
  openIn(block: number): Release[] {
    return this.openPositions().flatMap((view) => {
      const { position } = view;
      const bit = 1n << BigInt(Math.max(0, block - position.firstBlock));
      const isOpen = block >= position.firstBlock && (openBlocksOf(view) & bit) !== 0n;
      return isOpen ? [{ position, blocks: bit }] : [];
    });
  }

  /** What the escrow holds for forwards, in thousandths of a base unit: what buyers and sellers have locked. */
  lockedMillis(): bigint {
    return this.openPositions()
      .flatMap(({ blocks }) => blocks.filter(({ state }) => state === "open"))
      .reduce((sum, { lockedMillis, bondedMillis }) => sum + lockedMillis + bondedMillis, 0n);
  }
}
