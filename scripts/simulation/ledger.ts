import { unpackProfile } from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";
import type { Community, Member } from "./community.ts";

type Receipt = Awaited<ReturnType<Community["accept"]>>;

/** What one household's trades have come to, as the chain's events tell. */
export interface Position {
  /** Bought from neighbours, Wh per slot number. */
  readonly boughtWh: Map<number, bigint>;
  soldWh: bigint;
  soldToGridWh: bigint;
  paid: bigint;
  received: bigint;
  receivedFromGrid: bigint;
}

/** Counts what happened on chain, from receipts alone. */
export class Ledger {
  readonly #community: Community;
  readonly #positions = new Map<Address, Position>();
  /** Minted Wh per slot number. */
  readonly mintedWh = new Map<number, bigint>();
  /** Reported Wh per slot number. */
  readonly reportedWh = new Map<number, bigint>();
  readings = 0;
  trades = 0;
  tradedWh = 0n;
  tradedCost = 0n;

  constructor(community: Community) {
    this.#community = community;
  }

  /** What `who`'s trades have come to so far. */
  of(who: Member): Position {
    const known = this.#positions.get(who.address);
    if (known !== undefined) return known;
    const blank: Position = {
      boughtWh: new Map(),
      soldWh: 0n,
      soldToGridWh: 0n,
      paid: 0n,
      received: 0n,
      receivedFromGrid: 0n,
    };
    this.#positions.set(who.address, blank);
    return blank;
  }

  /** Books a reading. */
  reported(receipt: Receipt): void {
    this.readings++;
    for (const log of receipt.logs) {
      const report = this.#community.meters.interface.parseLog(log);
      if (report?.name === "Reported") {
        const profile = {
          firstBlock: Number(report.args.firstBlock),
          words: [...report.args.exported],
        };
        for (const [slot, wh] of unpackProfile(profile)) add(this.reportedWh, slot, wh);
      }
    }
    for (const { from, slot, wh } of this.#transfers(receipt)) {
      if (from === zeroAddress) add(this.mintedWh, slot, wh);
    }
  }

  /** Books a trade between `seller` and `buyer`. */
  traded(receipt: Receipt, seller: Member, buyer: Member): void {
    const sale = this.of(seller);
    const purchase = this.of(buyer);
    const withGrid = buyer === this.#community.dso;
    for (const log of receipt.logs) {
      const trade = this.#community.marketplace.interface.parseLog(log);
      if (trade?.name !== "Traded") continue;
      const energy: bigint = trade.args.energy;
      const cost: bigint = trade.args.cost;
      const fee: bigint = trade.args.fee;
      sale.received += cost - fee;
      purchase.paid += cost;
      if (withGrid) {
        sale.soldToGridWh += energy;
        sale.receivedFromGrid += cost - fee;
      } else {
        sale.soldWh += energy;
        this.trades++;
        this.tradedWh += energy;
        this.tradedCost += cost;
      }
    }
    for (const { slot, wh } of this.#transfers(receipt)) add(purchase.boughtWh, slot, wh);
  }

  *#transfers(receipt: Receipt): Generator<{ from: string; slot: number; wh: bigint }> {
    for (const log of receipt.logs) {
      const event = this.#community.energy.interface.parseLog(log);
      if (event?.name !== "TransferSingle" && event?.name !== "TransferBatch") continue;
      const single = event.name === "TransferSingle";
      const ids: bigint[] = single ? [event.args.id] : [...event.args.ids];
      // ethers' Result is an array, whose own `values` hides the argument of that name.
      const values: bigint[] = single ? [event.args.value] : [...event.args[4]];
      for (const [index, id] of ids.entries()) {
        yield { from: event.args.from, slot: Number(id & 0xffffffffn), wh: values[index] ?? 0n };
      }
    }
  }
}

function add(totals: Map<number, bigint>, slot: number, wh: bigint): void {
  totals.set(slot, (totals.get(slot) ?? 0n) + wh);
}
