import {
  arrivedOf,
  type EventNamed,
  LANES,
  laneOf,
  type Position as PositionTerms,
  parseEnergyId,
  unpackProfile,
} from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";
import type { Household, Person } from "./community.ts";
import type { Deployment } from "./deployment.ts";
import { Forwards } from "./forwards.ts";
import type { Receipt } from "./trading.ts";

/** The sums of one household's trades, according to the chain's events. Money in thousandths of a base unit. */
export interface Position {
  /** Bought from neighbours, Wh per slot number. */
  readonly boughtWh: Map<number, bigint>;
  /** Sold to neighbours in spot trades, as sent, Wh per slot number. */
  readonly sentWh: Map<number, bigint>;
  soldWh: bigint;
  soldToGridWh: bigint;
  paidMillis: bigint;
  receivedMillis: bigint;
  receivedFromGridMillis: bigint;
  /** What the grid paid for energy that was bought from neighbours but not needed. */
  receivedForSurplusMillis: bigint;
  bondPaidMillis: bigint;
  bondReceivedMillis: bigint;
}

/** A transaction of a kind that a community always needs, and what it took. */
export interface Spent {
  readonly act: "report" | "settle";
  readonly hash: string;
  readonly gasUsed: bigint;
}

/** A transfer of one slot's energy; the zero address mints and burns. */
interface Transfer {
  readonly from: Address;
  readonly to: Address;
  readonly slot: number;
  readonly wh: bigint;
}

/** What two neighbours traded. */
interface Sale {
  readonly sentWh: bigint;
  readonly costMillis: bigint;
  readonly chargeMillis: bigint;
}

/** Sums over the chain's events, from receipts alone. */
export class Ledger {
  readonly #wattline: Deployment;
  readonly #positions = new Map<Address, Position>();
  /** Minted less burnt Wh per token id. */
  readonly mintedWh = new Map<bigint, bigint>();
  /** Reported Wh per slot number. */
  readonly reportedWh = new Map<number, bigint>();
  /** Lost on tie lines, Wh per slot number. */
  readonly lostWh = new Map<number, bigint>();
  readonly forwards = new Forwards();
  readonly spent: Spent[] = [];
  readings = 0;
  trades = 0;
  tradedWh = 0n;
  tradedCostMillis = 0n;
  /** Bought forward from neighbours, not needed, and sold to the grid. */
  notNeededWh = 0n;
  bondPaidMillis = 0n;

  constructor(wattline: Deployment) {
    this.#wattline = wattline;
  }

  /** The sums of an account's trades so far. */
  of({ address }: Pick<Person, "address">): Position {
    const known = this.#positions.get(address);
    if (known !== undefined) return known;
    const blank: Position = {
      boughtWh: new Map(),
      sentWh: new Map(),
      soldWh: 0n,
      soldToGridWh: 0n,
      paidMillis: 0n,
      receivedMillis: 0n,
      receivedFromGridMillis: 0n,
      receivedForSurplusMillis: 0n,
      bondPaidMillis: 0n,
      bondReceivedMillis: 0n,
    };
    this.#positions.set(address, blank);
    return blank;
  }

  /** Records a reading. */
  reported(receipt: Receipt): void {
    this.readings++;
    this.spent.push({ act: "report", hash: receipt.hash, gasUsed: receipt.gasUsed });
    for (const event of this.#eventsOf(receipt)) {
      if (event.eventName !== "Reported") continue;
      const { firstBlock, exported } = event.args;
      for (const [slot, wh] of unpackProfile({ firstBlock, words: exported })) {
        add(this.reportedWh, slot, wh);
      }
    }
    this.#moved(receipt);
  }

  /** Records what `buyer` accepted of a neighbour's offer. */
  accepted(receipt: Receipt, seller: Household, buyer: Household): void {
    for (const event of this.#eventsOf(receipt)) {
      if (event.eventName === "Traded") {
        const { filled, cost, charge } = event.args;
        this.#sale(seller, buyer, { sentWh: filled, costMillis: cost, chargeMillis: charge });
      }
      if (event.eventName === "Crossed") this.#crossed(event.args);
    }
    this.#exchanged(this.#moved(receipt), [seller], [buyer]);
  }

  /** Records what `seller` sold to the grid; `surplus` means that it had bought it from neighbours before. */
  soldToGrid(receipt: Receipt, seller: Household, dso: Person, surplus: boolean): void {
    const sale = this.of(seller);
    for (const event of this.#eventsOf(receipt)) {
      if (event.eventName !== "Traded") continue;
      const { cost, charge, filled } = event.args;
      const due = cost - charge;
      sale.receivedMillis += due;
      if (surplus) {
        sale.receivedForSurplusMillis += due;
        this.notNeededWh += filled;
      } else {
        sale.soldToGridWh += filled;
        sale.receivedFromGridMillis += due;
      }
      this.of(dso).paidMillis += cost;
    }
    this.#moved(receipt);
  }

  /**
   * Records a batch. The simulated auctioneer knows all balances, so no match may be skipped or cut.
   * @param pairs Seller and buyer of each match, in the batch's order, and what is to be sent.
   */
  settled(
    receipt: Receipt,
    pairs: readonly (readonly [Household, Household, sentWh: bigint])[],
  ): void {
    this.spent.push({ act: "settle", hash: receipt.hash, gasUsed: receipt.gasUsed });
    let settled = 0;
    for (const event of this.#eventsOf(receipt)) {
      if (event.eventName === "Crossed") this.#crossed(event.args);
      if (event.eventName === "Skipped")
        throw new Error(`A match was skipped, for the reason ${event.args.reason}.`);
      if (event.eventName !== "Matched") continue;
      const [seller, buyer, plannedWh] = pairs[settled++] ?? [];
      if (seller === undefined || buyer === undefined)
        throw new Error("A match without seller or buyer.");
      const { sentWh, cost, charge } = event.args;
      if (sentWh !== plannedWh) throw new Error(`Of ${plannedWh} Wh only ${sentWh} were matched.`);
      this.#sale(seller, buyer, { sentWh, costMillis: cost, chargeMillis: charge });
    }
    const [sellers, buyers] = [pairs.map(([seller]) => seller), pairs.map(([, buyer]) => buyer)];
    this.#exchanged(this.#moved(receipt), sellers, buyers);
  }

  /** Records reserved energy. */
  reserved(receipt: Receipt): void {
    for (const event of this.#eventsOf(receipt)) {
      if (event.eventName !== "Reserved") continue;
      this.trades++;
      this.forwards.reserved(event.args);
    }
  }

  /** Records released forwards. */
  released(receipt: Receipt): void {
    for (const event of this.#eventsOf(receipt)) {
      if (event.eventName === "NotReleased")
        throw new Error(`A forward was not released, for the reason ${event.args.reason}.`);
      if (event.eventName === "Released") this.#released(event.args);
    }
    this.#moved(receipt);
  }

  #released(released: EventNamed<"Released">["args"]): void {
    const { blockNumber, delivered, paid, charge, forfeited } = released;
    const position = this.forwards.released(released);
    const [sale, purchase] = [
      this.of({ address: position.seller }),
      this.of({ address: position.buyer }),
    ];
    let sentWh = 0n;
    for (let lane = 0; lane < LANES; lane++) {
      const wh = laneOf(delivered, lane);
      const slot = blockNumber * LANES + lane;
      const arrivedWh = arrivedIn(position, wh);
      sentWh += wh;
      add(purchase.boughtWh, slot, arrivedWh);
      add(this.lostWh, slot, wh - arrivedWh);
    }
    sale.soldWh += sentWh;
    // Across a line the seller pays the wheeling charge of what it did not deliver, too.
    sale.receivedMillis += paid - charge;
    sale.bondPaidMillis += forfeited;
    purchase.paidMillis += paid;
    purchase.bondReceivedMillis += forfeited;
    this.tradedWh += sentWh;
    this.tradedCostMillis += paid;
    this.bondPaidMillis += forfeited;
  }

  #sale(seller: Household, buyer: Household, { sentWh, costMillis, chargeMillis }: Sale): void {
    const sale = this.of(seller);
    sale.soldWh += sentWh;
    sale.receivedMillis += costMillis - chargeMillis;
    this.of(buyer).paidMillis += costMillis;
    this.trades++;
    this.tradedWh += sentWh;
    this.tradedCostMillis += costMillis;
  }

  #exchanged(
    transfers: readonly Transfer[],
    sellers: readonly Household[],
    buyers: readonly Household[],
  ): void {
    const addressesOf = (homes: readonly Household[]) =>
      new Set(homes.map(({ address }) => address));
    const [selling, buying] = [addressesOf(sellers), addressesOf(buyers)];
    for (const { from, to, slot, wh } of transfers) {
      if (selling.has(from)) add(this.of({ address: from }).sentWh, slot, wh);
      if (buying.has(to)) add(this.of({ address: to }).boughtWh, slot, wh);
    }
  }

  #crossed({ firstBlock, sent, arrived }: EventNamed<"Crossed">["args"]): void {
    for (const [slot, wh] of unpackProfile({ firstBlock, words: sent })) {
      add(this.lostWh, slot, wh);
    }
    for (const [slot, wh] of unpackProfile({ firstBlock, words: arrived })) {
      add(this.lostWh, slot, -wh);
    }
  }

  #eventsOf(receipt: Receipt) {
    return this.#wattline.eventsIn(receipt.logs);
  }

  /** The transfers of a transaction; records mints and burns. */
  #moved(receipt: Receipt): Transfer[] {
    const transfers: Transfer[] = [];
    for (const event of this.#eventsOf(receipt)) {
      if (event.eventName !== "TransferSingle" && event.eventName !== "TransferBatch") continue;
      const { from, to } = event.args;
      const [ids, amounts] =
        event.eventName === "TransferSingle"
          ? [[event.args.id], [event.args.value]]
          : [event.args.ids, event.args.values];
      for (const [index, id] of ids.entries()) {
        const wh = amounts[index] ?? 0n;
        transfers.push({ from, to, slot: parseEnergyId(id).slot, wh });
        if (from === zeroAddress) add(this.mintedWh, id, wh);
        if (to === zeroAddress) add(this.mintedWh, id, -wh);
      }
    }
    return transfers;
  }
}

const arrivedIn = ({ lossBps }: PositionTerms, sentWh: bigint): bigint =>
  arrivedOf(sentWh, { lossBps: BigInt(lossBps), flowWh: 0n });

function add<Key>(totals: Map<Key, bigint>, key: Key, wh: bigint): void {
  totals.set(key, (totals.get(key) ?? 0n) + wh);
}
