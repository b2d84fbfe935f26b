import { costOf, type EnergyBySlot, energyIdOf, type Order } from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";

/** What the contracts are expected to refuse with. */
export interface Refusal {
  readonly error: string;
  readonly args: readonly unknown[];
}

/**
 * Spot trading as one would tell it to a child: who has how much money, who has how much energy in which slot, what is
 * left of each order. One microgrid, one source.
 */
export class SpotModel {
  readonly money = new Map<Address, bigint>();
  readonly energyWh = new Map<Address, Map<number, bigint>>();
  readonly filledWh = new Map<bigint, bigint>();
  readonly cancelled = new Set<bigint>();
  readonly counters = new Map<Address, bigint>();
  networkFeePerKwh = 0n;

  private readonly currency: Address;
  private readonly dso: Address;

  constructor(currency: Address, dso: Address) {
    this.currency = currency;
    this.dso = dso;
  }

  moneyOf(holder: Address): bigint {
    return this.money.get(holder) ?? 0n;
  }

  energyOf(holder: Address, slot: number): bigint {
    return this.energyWh.get(holder)?.get(slot) ?? 0n;
  }

  addMoney(holder: Address, amount: bigint): void {
    this.money.set(holder, this.moneyOf(holder) + amount);
  }

  addEnergy(holder: Address, slot: number, wh: bigint): void {
    const held = this.energyWh.get(holder) ?? new Map<number, bigint>();
    this.energyWh.set(holder, held.set(slot, this.energyOf(holder, slot) + wh));
  }

  counterOf(holder: Address): bigint {
    return this.counters.get(holder) ?? 0n;
  }

  cancelAll(holder: Address): void {
    this.counters.set(holder, this.counterOf(holder) + 1n);
  }

  /** Trades, or says why not and leaves all as it was. */
  accept(order: Order, taker: Address, takenWh: EnergyBySlot, limit: bigint): Refusal | undefined {
    const wh = [...takenWh.values()].reduce((sum, each) => sum + each, 0n);
    const isOffer = order.side === 0;
    const [seller, buyer] = isOffer ? [order.maker, taker] : [taker, order.maker];
    const price = costOf(order.price, wh);
    const fee = costOf(this.networkFeePerKwh, wh);
    const paid = isOffer ? price + fee : price;

    const refusal =
      this.refuseOrder(order, taker, takenWh, wh) ??
      refusePrice(isOffer, paid, fee, limit) ??
      this.refuseFill(order, wh) ??
      this.refuseMeans(seller, buyer, paid, takenWh);
    if (refusal !== undefined) return refusal;

    this.filledWh.set(order.nonce, (this.filledWh.get(order.nonce) ?? 0n) + wh);
    this.addMoney(buyer, -paid);
    this.addMoney(seller, paid - fee);
    this.addMoney(this.dso, fee);
    for (const [slot, each] of takenWh) {
      this.addEnergy(seller, slot, -each);
      this.addEnergy(buyer, slot, each);
    }
    return undefined;
  }

  private refuseOrder(
    { maker, counterparty, counter, firstSlot, lastSlot }: Order,
    taker: Address,
    takenWh: EnergyBySlot,
    wh: bigint,
  ): Refusal | undefined {
    if (maker === taker) return { error: "Spot_SelfTrade", args: [maker] };
    if (counterparty !== zeroAddress && counterparty !== taker) {
      return { error: "Orders_NotCounterparty", args: [counterparty, taker] };
    }
    if (counter !== this.counterOf(maker)) {
      return { error: "Orders_CounterRaised", args: [maker, counter, this.counterOf(maker)] };
    }
    for (const [slot, each] of inOrder(takenWh)) {
      if (each > 0n && (slot < firstSlot || slot > lastSlot)) {
        return { error: "Orders_OutsideSlots", args: [slot, firstSlot, lastSlot] };
      }
    }
    return wh === 0n ? { error: "Spot_NothingTaken", args: [] } : undefined;
  }

  private refuseFill({ maker, nonce, energy }: Order, wh: bigint): Refusal | undefined {
    if (this.cancelled.has(nonce)) return { error: "Orders_IsCancelled", args: [maker, nonce] };
    const leftWh = BigInt(energy) - (this.filledWh.get(nonce) ?? 0n);
    if (wh > leftWh) return { error: "Orders_Overfilled", args: [maker, nonce, leftWh, wh] };
    return undefined;
  }

  private refuseMeans(
    seller: Address,
    buyer: Address,
    paid: bigint,
    takenWh: EnergyBySlot,
  ): Refusal | undefined {
    const balance = this.moneyOf(buyer);
    if (paid > balance) {
      return { error: "Escrow_InsufficientBalance", args: [this.currency, buyer, balance, paid] };
    }
    for (const [slot, wh] of inOrder(takenWh)) {
      const heldWh = this.energyOf(seller, slot);
      if (wh > heldWh) {
        const id = energyIdOf({ microgrid: 1, source: "Solar", slot });
        return { error: "ERC1155InsufficientBalance", args: [seller, heldWh, wh, id] };
      }
    }
    return undefined;
  }
}

function refusePrice(
  isOffer: boolean,
  paid: bigint,
  fee: bigint,
  limit: bigint,
): Refusal | undefined {
  if (isOffer) {
    return paid > limit ? { error: "Spot_LimitMissed", args: [paid, limit] } : undefined;
  }
  if (fee > paid) return { error: "Spot_FeeExceedsPrice", args: [fee, paid] };
  const received = paid - fee;
  return received < limit ? { error: "Spot_LimitMissed", args: [received, limit] } : undefined;
}

const inOrder = (energyWh: EnergyBySlot): [number, bigint][] =>
  [...energyWh].sort(([a], [b]) => a - b);
