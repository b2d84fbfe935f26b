import { arrivingWh, LANES, laneOf, unpackProfile } from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";
import type { Household, Person } from "./community.ts";
import type { Deployment } from "./deployment.ts";
import { Forwards } from "./forwards.ts";
import type { Receipt } from "./trading.ts";

/** The sums of one household's trades, according to the chain's events. */
export interface Position {
  /** Bought from neighbours, Wh per slot number. */
  readonly boughtWh: Map<number, bigint>;
  soldWh: bigint;
  soldToGridWh: bigint;
  paid: bigint;
  received: bigint;
  receivedFromGrid: bigint;
  /** What the grid paid for energy that was bought from neighbours but not needed. */
  receivedForSurplus: bigint;
  bondPaid: bigint;
  bondReceived: bigint;
}

/** A transfer of one slot's energy; the zero address mints and burns. */
interface Transfer {
  readonly from: Address;
  readonly to: Address;
  readonly slot: number;
  readonly wh: bigint;
}

/** Sums over the chain's events, from receipts alone. */
export class Ledger {
  readonly #wattline: Deployment;
  readonly #positions = new Map<Address, Position>();
  /** Minted less burnt Wh per token id. */
  readonly mintedWh = new Map<bigint, bigint>();
  /** Reported Wh per slot number. */
  readonly reportedWh = new Map<number, bigint>();
  /** Lost on tie lines, Wh per slot number, computed from what was sent. */
  readonly lostWh = new Map<number, bigint>();
  readonly forwards = new Forwards();
  readings = 0;
  trades = 0;
  tradedWh = 0n;
  tradedCost = 0n;
  bondPaid = 0n;

  constructor(wattline: Deployment) {
    this.#wattline = wattline;
  }

  /** The sums of an account's trades so far. */
  of({ address }: Pick<Person, "address">): Position {
    const known = this.#positions.get(address);
    if (known !== undefined) return known;
    const blank: Position = {
      boughtWh: new Map(),
      soldWh: 0n,
      soldToGridWh: 0n,
      paid: 0n,
      received: 0n,
      receivedFromGrid: 0n,
      receivedForSurplus: 0n,
      bondPaid: 0n,
      bondReceived: 0n,
    };
    this.#positions.set(address, blank);
    return blank;
  }

  /** Records a reading. */
  reported(receipt: Receipt): void {
    this.readings++;
    for (const log of receipt.logs) {
      const report = this.#wattline.meters.interface.parseLog(log);
      if (report?.name === "Reported") {
        const profile = {
          firstBlock: Number(report.args.firstBlock),
          words: [...report.args.exported],
        };
        for (const [slot, wh] of unpackProfile(profile)) add(this.reportedWh, slot, wh);
      }
    }
    this.#moved(receipt);
  }

  /** Records what `buyer` accepted of a neighbour's offer. */
  accepted(receipt: Receipt, seller: Household, buyer: Household, lossBps: bigint): void {
    for (const { name, args } of this.#marketEvents(receipt)) {
      if (name === "Traded") this.#sale(seller, buyer, args.energy, args.cost, args.charge);
      if (name === "Crossed") {
        const sent = { firstBlock: Number(args.firstBlock), words: [...args.sent] };
        for (const [slot, wh] of unpackProfile(sent)) this.#lose(slot, wh, lossBps);
      }
    }
    const { boughtWh } = this.of(buyer);
    for (const { to, slot, wh } of this.#moved(receipt)) {
      if (to === buyer.address) add(boughtWh, slot, wh);
    }
  }

  /** Records what `seller` sold to the grid; `surplus` means that it had bought it from neighbours before. */
  soldToGrid(receipt: Receipt, seller: Household, dso: Person, surplus: boolean): void {
    const sale = this.of(seller);
    for (const { name, args } of this.#marketEvents(receipt)) {
      if (name !== "Traded") continue;
      const [cost, charge, energyWh]: [bigint, bigint, bigint] = [
        args.cost,
        args.charge,
        args.energy,
      ];
      const due = cost - charge;
      sale.received += due;
      if (surplus) sale.receivedForSurplus += due;
      else {
        sale.soldToGridWh += energyWh;
        sale.receivedFromGrid += due;
      }
      this.of(dso).paid += cost;
    }
    this.#moved(receipt);
  }

  /**
   * Records a batch. The simulated auctioneer knows all balances, so no match may be skipped.
   * @param pairs Seller and buyer of each match, in the batch's order.
   */
  settled(receipt: Receipt, pairs: readonly (readonly [Household, Household])[]): void {
    const moves = new Map<string, bigint>();
    for (const { from, to, slot, wh } of this.#moved(receipt)) {
      add(moves, `${from} ${to}`, wh);
      add(this.of({ address: to }).boughtWh, slot, wh);
    }
    let settled = 0;
    for (const { name, args } of this.#marketEvents(receipt)) {
      if (name === "Skipped")
        throw new Error(`A match was skipped, for the reason ${args.reason}.`);
      if (name !== "Matched") continue;
      const [seller, buyer] = pairs[settled++] ?? [];
      if (seller === undefined || buyer === undefined)
        throw new Error("A match without seller or buyer.");
      const energyWh = moves.get(`${seller.address} ${buyer.address}`) ?? 0n;
      this.#sale(seller, buyer, energyWh, args.cost, args.charge);
    }
  }

  /** Records reserved energy. */
  reserved(receipt: Receipt): void {
    for (const { name, args } of this.#marketEvents(receipt)) {
      if (name !== "Reserved") continue;
      this.trades++;
      this.forwards.reserved(args);
    }
  }

  /** Records released forwards. */
  released(receipt: Receipt): void {
    for (const { name, args } of this.#marketEvents(receipt)) {
      if (name !== "Released") continue;
      const block = Number(args.blockNumber);
      const position = this.forwards.released(args);
      const [sale, purchase] = [
        this.of({ address: position.seller }),
        this.of({ address: position.buyer }),
      ];
      let sentWh = 0n;
      for (let lane = 0; lane < LANES; lane++) {
        const wh = laneOf(args.delivered, lane);
        const slot = block * LANES + lane;
        sentWh += wh;
        add(purchase.boughtWh, slot, arrivingWh(wh, position.lossBps));
        this.#lose(slot, wh, position.lossBps);
      }
      sale.soldWh += sentWh;
      sale.received += args.paid;
      sale.bondPaid += args.forfeited;
      purchase.paid += args.paid + args.charge;
      purchase.bondReceived += args.forfeited;
      this.tradedWh += sentWh;
      this.tradedCost += args.paid + args.charge;
      this.bondPaid += args.forfeited;
    }
    this.#moved(receipt);
  }

  #sale(seller: Household, buyer: Household, sentWh: bigint, cost: bigint, charge: bigint): void {
    const sale = this.of(seller);
    sale.soldWh += sentWh;
    sale.received += cost - charge;
    this.of(buyer).paid += cost;
    this.trades++;
    this.tradedWh += sentWh;
    this.tradedCost += cost;
  }

  #lose(slot: number, sentWh: bigint, lossBps: bigint): void {
    add(this.lostWh, slot, sentWh - arrivingWh(sentWh, lossBps));
  }

  *#marketEvents(receipt: Receipt) {
    for (const log of receipt.logs) {
      const event = this.#wattline.marketplace.interface.parseLog(log);
      if (event !== null) yield event;
    }
  }

  /** The transfers of a transaction; records mints and burns. */
  #moved(receipt: Receipt): Transfer[] {
    const transfers: Transfer[] = [];
    for (const log of receipt.logs) {
      const event = this.#wattline.energy.interface.parseLog(log);
      if (event?.name !== "TransferSingle" && event?.name !== "TransferBatch") continue;
      const single = event.name === "TransferSingle";
      const ids: bigint[] = single ? [event.args.id] : [...event.args.ids];
      // ethers' Result is an array, whose `values` method hides the argument of that name.
      const values: bigint[] = single ? [event.args.value] : [...event.args[4]];
      const { from, to } = event.args;
      for (const [index, id] of ids.entries()) {
        const wh = values[index] ?? 0n;
        transfers.push({ from, to, slot: Number(id & 0xffffffffn), wh });
        if (from === zeroAddress) add(this.mintedWh, id, wh);
        if (to === zeroAddress) add(this.mintedWh, id, -wh);
      }
    }
    return transfers;
  }
}

function add<Key>(totals: Map<Key, bigint>, key: Key, wh: bigint): void {
  totals.set(key, (totals.get(key) ?? 0n) + wh);
}
