import type { EnergyBySlot } from "@wattline/sdk";
import { type Address, zeroAddress } from "viem";
import type { ActionOf } from "./actions.ts";
import { type Communities, slotOf } from "./communities.ts";
import { Rules } from "./rules.ts";
import type { Tallies } from "./tallies.ts";

export interface MeterRecord {
  owner: Address;
  microgrid: number;
  source: number;
  capacityW: number;
  critical: boolean;
  active: boolean;
  firstSlot: number;
  pendingOwner: Address;
  movingTo: number;
  promisedEnd: number;
  retiredSlot: number | undefined;
  /** How often it has been offered to others: the number of the latest offer. */
  offers: number;
}

/** The meters: what they report and what they have promised. */
export class Metering {
  readonly meters = new Map<Address, MeterRecord>();
  private readonly communities: Communities;
  private readonly tallies: Tallies;

  constructor(communities: Communities, tallies: Tallies) {
    this.communities = communities;
    this.tallies = tallies;
  }

  /** @throws RangeError for a meter that was never registered: scenarios name none in these actions. */
  of(meter: Address): MeterRecord {
    const found = this.meters.get(meter);
    if (found === undefined) throw new RangeError(`There is no meter ${meter}.`);
    return found;
  }

  register({ who, registration, critical, signer }: ActionOf<"register">, nowS: number): void {
    const { microgrid, owner, meter, source, capacityW } = registration;
    const { operator, ...clock } = this.communities.of(microgrid);
    const known = this.meters.get(meter);
    const rules = new Rules();
    rules.refuse("Microgrids_NotOperator", operator !== who);
    rules.refuse("Meters_NotOperator", operator !== who);
    rules.refuse("Meters_BadOwner", owner === zeroAddress);
    rules.refuse("Meters_BadSignature", signer !== meter);
    if (known !== undefined) {
      rules.refuse("Meters_AlreadyRegistered", known.movingTo !== microgrid);
      rules.refuse("Meters_NotOwner", known.owner !== owner);
      rules.refuse("Meters_Promised", this.isBound(known, nowS));
    }
    rules.enforce();
    this.meters.set(meter, {
      owner,
      microgrid,
      source,
      capacityW,
      critical,
      active: true,
      firstSlot: slotOf(clock, nowS) + 1,
      pendingOwner: zeroAddress,
      movingTo: 0,
      promisedEnd: known?.promisedEnd ?? 0,
      retiredSlot: undefined,
      offers: known?.offers ?? 0,
    });
  }

  handOverMeter({ who, meter, to }: ActionOf<"handOverMeter">): void {
    this.ownerOnly(meter, who).enforce();
    const of = this.of(meter);
    of.pendingOwner = to;
    if (to !== zeroAddress) of.offers += 1;
  }

  acceptMeter({ who, meter, offer }: ActionOf<"acceptMeter">): void {
    const of = this.of(meter);
    const rules = new Rules();
    rules.refuse("Meters_NotOffered", of.pendingOwner !== who);
    rules.refuse("Meters_OtherOffer", of.offers !== offer);
    rules.enforce();
    of.owner = who;
    of.pendingOwner = zeroAddress;
    of.critical = false;
    of.movingTo = 0;
  }

  moveMeter({ who, meter, microgrid }: ActionOf<"moveMeter">): void {
    this.ownerOnly(meter, who).enforce();
    this.of(meter).movingTo = microgrid;
  }

  setCritical({ who, meter, critical }: ActionOf<"setCritical">): void {
    const of = this.of(meter);
    const rules = new Rules();
    rules.refuse("Meters_NotOperator", this.communities.of(of.microgrid).operator !== who);
    rules.enforce();
    of.critical = critical;
  }

  retireMeter({ who, meter }: ActionOf<"retireMeter">, nowS: number): void {
    const of = this.of(meter);
    const community = this.communities.of(of.microgrid);
    const rules = new Rules();
    const may = who === of.owner || who === community.operator;
    rules.refuse("Meters_NotOwner", !may);
    rules.refuse("Meters_NotOperator", !may);
    rules.refuse("Meters_Inactive", !of.active);
    rules.enforce();
    of.active = false;
    of.retiredSlot = slotOf(community, nowS);
  }

  report({ meter, signer, exportedWh }: ActionOf<"report">, nowS: number): void {
    const of = this.of(meter);
    const { slotSeconds } = this.communities.of(of.microgrid);
    const { reported, committed, delivered, energy } = this.tallies;
    const rules = new Rules();
    rules.refuse("Meters_BadSignature", signer !== meter);
    rules.refuse("Meters_NothingReported", exportedWh.size === 0);
    for (const [slot, wh] of exportedWh) {
      const isOver = (slot + 1) * slotSeconds <= nowS;
      const isAfter = of.retiredSlot !== undefined && slot > of.retiredSlot;
      rules.refuse("Meters_SlotNotEnded", !isOver || isAfter);
      rules.refuse("Meters_BeforeRegistration", slot < of.firstSlot);
      rules.refuse("Meters_AlreadyReported", reported.of(meter, slot) > 0n);
      rules.refuse("Meters_OverCapacity", wh > this.mostWh(of));
    }
    rules.enforce();
    for (const [slot, wh] of exportedWh) {
      const promised = committed.of(meter, slot);
      const kept = wh < promised ? wh : promised;
      reported.set(1n, meter, slot);
      delivered.set(kept, meter, slot);
      energy.add(wh - kept, of.owner, of.microgrid, of.source, slot);
    }
  }

  /** Energy is used up. */
  retire({ who, microgrid, source, energyWh }: ActionOf<"retire">): void {
    const { energy } = this.tallies;
    const rules = new Rules();
    rules.refuse(
      "EnergyToken_NothingRetired",
      [...energyWh.values()].every((wh) => wh === 0n),
    );
    for (const [slot, wh] of energyWh) {
      rules.refuse("ERC1155InsufficientBalance", wh > energy.of(who, microgrid, source, slot));
    }
    rules.enforce();
    for (const [slot, wh] of energyWh) energy.add(-wh, who, microgrid, source, slot);
  }

  /** The rules that a promise breaks. */
  commitDefects(
    meter: Address,
    seller: Address,
    microgrid: number,
    source: number,
    energyWh: EnergyBySlot,
    mostAhead: number,
  ): string[] {
    const of = this.meters.get(meter);
    if (of === undefined) return ["Meters_Unknown", "Meters_NotOwner", "Meters_NotSuch"];
    const defects: string[] = [];
    if (of.owner !== seller) defects.push("Meters_NotOwner");
    if (of.microgrid !== microgrid || of.source !== source) defects.push("Meters_NotSuch");
    if (!of.active) defects.push("Meters_Inactive");
    if (of.pendingOwner !== zeroAddress || of.movingTo !== 0) defects.push("Meters_Leaving");
    for (const [slot, wh] of energyWh) {
      const ahead = this.tallies.committed.of(meter, slot);
      if (ahead + wh > this.mostWh(of)) defects.push("Meters_OverCommitted");
      if (ahead > BigInt(mostAhead)) defects.push("Meters_TooFarBehind");
    }
    return defects;
  }

  /** Promises energy of a meter; says what was promised before. */
  commit(meter: Address, energyWh: EnergyBySlot): Map<number, bigint> {
    const of = this.of(meter);
    const ahead = new Map<number, bigint>();
    for (const [slot, wh] of energyWh) {
      ahead.set(slot, this.tallies.committed.of(meter, slot));
      this.tallies.committed.add(wh, meter, slot);
      of.promisedEnd = Math.max(of.promisedEnd, slot + 1);
    }
    return ahead;
  }

  /** The most that a meter can export in a slot: capacity x slot length, rounded up to a Wh. */
  mostWh({ capacityW, microgrid }: MeterRecord): bigint {
    return BigInt(Math.ceil((capacityW * this.communities.of(microgrid).slotSeconds) / 3600));
  }

  /** Whether the last slot that a meter has promised can't be called undelivered yet. */
  private isBound({ promisedEnd, microgrid }: MeterRecord, nowS: number): boolean {
    if (promisedEnd === 0) return false;
    return nowS < this.communities.overdueAt(microgrid, promisedEnd - 1, nowS);
  }

  private ownerOnly(meter: Address, who: Address): Rules {
    const rules = new Rules();
    rules.refuse("Meters_NotOwner", this.of(meter).owner !== who);
    return rules;
  }
}
