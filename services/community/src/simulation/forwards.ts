import {
  type EventNamed,
  type Position,
  Positions,
  type PositionView,
  type Release,
  sumWh,
} from "@wattline/sdk";

/** Keeps track of forwards, from the chain's events alone. */
export class Forwards {
  readonly #positions = new Positions();
  readonly #open = new Map<string, PositionView>();
  /** Reserved but not delivered. */
  shortfallWh = 0n;

  /** The escrow's holdings for forwards, in thousandths of a base unit: what buyers and sellers have locked. */
  lockedMillis(): bigint {
    return this.#openBlocks().reduce(
      (sum, { lockedMillis, bondedMillis }) => sum + lockedMillis + bondedMillis,
      0n,
    );
  }

  /** Forwards of a block, which can be released once it is reported. */
  openIn(block: number): Release[] {
    return [...this.#open.values()].flatMap(({ position, blocks: all }) => {
      const blocks = all
        .filter((each) => each.block === block && each.state === "open")
        .reduce((bits) => bits | (1n << BigInt(block - position.firstBlock)), 0n);
      return blocks === 0n ? [] : [{ position, blocks }];
    });
  }

  /** Records a reservation. */
  reserved(args: EventNamed<"Reserved">["args"]): void {
    const view = this.#positions.reserve(args);
    this.#keep(view.id, view);
  }

  /**
   * Records a release and returns its position.
   * @throws Error when it was never reserved.
   */
  released(args: EventNamed<"Released">["args"]): Position {
    const { position, before } = this.#positions.release(args);
    this.shortfallWh += before.energyWh - sumWh([args.delivered]);
    const view = this.#positions.get(args.positionId);
    if (view !== undefined) this.#keep(view.id, view);
    return position;
  }

  /** Keeps a position as long as a block of it is open. */
  #keep(id: string, view: PositionView): void {
    if (view.blocks.some(({ state }) => state === "open")) this.#open.set(id, view);
    else this.#open.delete(id);
  }

  #openBlocks() {
    return [...this.#open.values()].flatMap(({ blocks }) =>
      blocks.filter(({ state }) => state === "open"),
    );
  }
}
