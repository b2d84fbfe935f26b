import {
  blockOf,
  type EnergyBySlot,
  energyIdOf,
  laneOf,
  modeIndex,
  packProfile,
  sourceIndex,
} from "@wattline/sdk";
import type { ContractTransactionResponse } from "ethers";
import { type Address, encodeAbiParameters, type Hex, keccak256 } from "viem";
import type { MeterOf, Person, World } from "../support/world.ts";
import type { Action, Position, SignedOrder, TieLine } from "./actions.ts";
import type { Model } from "./model.ts";

/** What the contracts made of an action: the error they refused it with, or how a batch has cleared. */
export interface Answer {
  readonly error?: string;
  readonly clearing?: {
    readonly prices: ReadonlyMap<number, bigint>;
    readonly skipped: readonly string[];
  };
}

/** A difference between the contracts and the model. */
export interface Difference {
  readonly what: string;
  readonly chain: bigint;
  readonly model: bigint;
}

/** Of a view that is asked in a batch: where, and what of its answer is meant. */
interface Question {
  readonly what: string;
  readonly model: bigint;
  readonly contract: "marketplace" | "meters" | "energy";
  readonly data: string;
  readonly read: (answer: string) => bigint;
}

// Given so that nothing is estimated: a refused step is then sent once, and its block carries the model's time.
const GAS = { gasLimit: 16_000_000n };

/** The contracts behind the actions of the model. */
export class Chain {
  private readonly signatures = new Map<SignedOrder, Promise<Hex>>();
  private readonly world: World;
  private readonly people: ReadonlyMap<Address, Person>;
  private readonly meters: ReadonlyMap<Address, MeterOf>;

  constructor(world: World, people: readonly Person[], meters: readonly MeterOf[]) {
    this.world = world;
    this.people = new Map(people.map((person) => [person.address, person]));
    this.meters = new Map(meters.map((meter) => [meter.device.address, meter]));
  }

  /** Does an action at a time. */
  async act(action: Action, nowS: number): Promise<Answer> {
    if (action.kind === "wait") return {};
    const send = await this.prepare(action);
    await this.world.networkHelpers.time.setNextBlockTimestamp(nowS);
    try {
      const sent = await send();
      return action.kind === "settle" ? { clearing: await this.clearingOf(sent) } : {};
    } catch (error) {
      return { error: this.nameOf(error) };
    }
  }

  private async prepare(
    action: Exclude<Action, { kind: "wait" }>,
  ): Promise<() => Promise<ContractTransactionResponse>> {
    const { signer } = this.person(action.who);
    const market = this.world.marketplace.connect(signer);
    const meters = this.world.meters.connect(signer);
    const { euro } = this.world.addresses;
    switch (action.kind) {
      case "deposit":
        return () => market.deposit(euro, action.amount, GAS);
      case "withdraw":
        return () => market.withdraw(euro, action.amount, action.to, GAS);
      case "lock":
        return () => market.lock(euro, action.until, GAS);
      case "cancel":
        return () => market.cancel([...action.nonces], GAS);
      case "cancelAll":
        return () => market.cancelAll(euro, GAS);
      case "authorize":
        return () => market.authorize(euro, action.delegate, action.allowance, GAS);
      case "accept":
      case "reserve": {
        const { signed, take } = action;
        const signature = await this.sign(signed);
        const taken = this.world.take(take.energyWh, take);
        if (action.kind === "accept") {
          return () => market.accept(signed.order, signature, taken, GAS);
        }
        return () => market.reserve(signed.order, signature, taken, GAS);
      }
      case "settle": {
        const signatures = await Promise.all(action.batch.map((signed) => this.sign(signed)));
        const orders = action.batch.map(({ order }) => order);
        const matches = action.matches.map(({ source, energyWh, ...match }) => ({
          ...match,
          source: sourceIndex(source),
          ...wordsOf(energyWh),
        }));
        const some = signatures.slice(0, action.signatures);
        return () => market.settle(orders, some, matches, GAS);
      }
      case "release": {
        const releases = action.releases.map(({ position, block }) => ({
          position: this.termsOf(position),
          blockNumber: block,
        }));
        return () => market.release(releases, GAS);
      }
      case "report": {
        const { message, signature } = await this.readingOf(action);
        return () => meters.report(message, signature, GAS);
      }
      case "retire": {
        const { firstBlock, energy } = wordsOf(action.energyWh);
        const source = sourceIndex(action.source);
        return () =>
          this.world.energy
            .connect(signer)
            .retire(action.microgrid, source, firstBlock, energy, action.who, "tea", GAS);
      }
      case "handOverMeter":
        return () => meters.handOverMeter(action.meter, action.to, GAS);
      case "retireMeter":
        return () => meters.retireMeter(action.meter, GAS);
      case "setMode":
        return () => meters.setMode(action.microgrid, modeIndex(action.mode), GAS);
      case "setTariffs": {
        const { islandRationWh, ...tariffs } = action.tariffs;
        const set = { ...tariffs, islandRation: islandRationWh };
        return () => meters.setTariffs(action.microgrid, set, GAS);
      }
      case "proposeTieLine":
        return () => meters.proposeTieLine(action.mine, action.other, lineWords(action.line), GAS);
    }
  }

  private readingOf({ meter, signer, exportedWh }: Extract<Action, { kind: "report" }>) {
    return this.world.reading(this.meterOf(meter), exportedWh, this.meterOf(signer).device);
  }

  private sign(signed: SignedOrder): Promise<Hex> {
    const known = this.signatures.get(signed);
    if (known !== undefined) return known;
    const signature = this.world.sign(signed.order, this.person(signed.signer));
    this.signatures.set(signed, signature);
    return signature;
  }

  private async clearingOf(sent: ContractTransactionResponse) {
    const receipt = await sent.wait();
    const { interface: market } = this.world.marketplace;
    const prices = new Map<number, bigint>();
    const skipped: string[] = [];
    for (const log of receipt?.logs ?? []) {
      const event = market.parseLog(log);
      if (event?.name === "Skipped") skipped.push(this.errorOf(event.args[2]));
      if (event?.name !== "Cleared") continue;
      const first = Number(event.args[1]) * 8;
      const each: bigint[] = event.args[2];
      for (const [i, price] of each.entries()) if (price > 0n) prices.set(first + i, price);
    }
    return { prices, skipped };
  }

  /** The error that a failed transaction was refused with. */
  private nameOf(error: unknown): string {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      if (!("data" in cause)) continue;
      const { data } = cause;
      if (typeof data === "string") return this.errorOf(data);
    }
    throw error;
  }

  private errorOf(data: string): string {
    const { marketplace, meters, energy } = this.world;
    for (const { interface: known } of [marketplace, meters, energy]) {
      const error = known.getError(data.slice(0, 10));
      if (error !== null) return error.name;
    }
    return data;
  }

  // ---- Comparison ----------------------------------------------------------------------------------------------

  /** Where the contracts hold something else than the model: among what was touched, or in all there is. */
  async differences(model: Model, extent: "touched" | "all"): Promise<Difference[]> {
    const questions = this.questionsAbout(model, extent);
    const answers = await this.ask(questions);
    const found = questions.map((question) => ({
      what: question.what,
      chain: question.read(answers.get(question) ?? "0x"),
      model: question.model,
    }));
    if (extent === "all") {
      const chain = await this.world.euro.balanceOf(this.world.addresses.market);
      found.push({ what: "vault", chain, model: model.vault });
    }
    return found.filter(({ chain, model: expected }) => chain !== expected);
  }

  private questionsAbout(model: Model, extent: "touched" | "all"): Question[] {
    const { tallies } = model;
    const { euro } = this.world.addresses;
    const market = this.world.marketplace.interface;
    const meters = this.world.meters.interface;
    const questions: Question[] = [];
    const about = <K extends readonly (string | number | bigint)[]>(
      what: keyof typeof tallies,
      entries: readonly { readonly key: K; readonly amount: bigint }[],
      ask: (...key: K) => Omit<Question, "what" | "model">,
    ) => {
      for (const { key, amount } of entries) {
        questions.push({ what: `${what} ${key.join("/")}`, model: amount, ...ask(...key) });
      }
    };
    const of = <K extends readonly (string | number | bigint)[]>(tally: {
      takeTouched(): { readonly key: K; readonly amount: bigint }[];
      entries(): { readonly key: K; readonly amount: bigint }[];
    }) => {
      const touched = tally.takeTouched();
      return extent === "all" ? tally.entries() : touched;
    };
    const account = (member: number) => (holder: Address) => ({
      contract: "marketplace" as const,
      data: market.encodeFunctionData("accountOf", [euro, holder]),
      read: (answer: string) => word(answer, member),
    });
    const fill = (member: number) => (maker: Address, nonce: bigint) => ({
      contract: "marketplace" as const,
      data: market.encodeFunctionData("fillOf", [maker, nonce]),
      read: (answer: string) => word(answer, member),
    });
    const delivery = (member: number) => (meter: Address, slot: number) => ({
      contract: "meters" as const,
      data: meters.encodeFunctionData("deliveryOf", [meter, blockOf(slot)]),
      read: (answer: string) => laneOf(word(answer, member), slot % 8),
    });

    about("money", of(tallies.money), account(0));
    about("counter", of(tallies.counter), account(1));
    about("lockedUntil", of(tallies.lockedUntil), account(2));
    about("filled", of(tallies.filled), fill(0));
    about("cancelled", of(tallies.cancelled), fill(1));
    about("committed", of(tallies.committed), delivery(0));
    about("delivered", of(tallies.delivered), delivery(1));
    about("allowance", of(tallies.allowance), (maker, delegate) => ({
      contract: "marketplace",
      data: market.encodeFunctionData("allowanceOf", [maker, euro, delegate]),
      read: (answer) => word(answer, 0),
    }));
    about("reserved", of(tallies.reserved), (id, slot) => ({
      contract: "marketplace",
      data: market.encodeFunctionData("reservedOf", [this.idOf(model, id), blockOf(slot)]),
      read: (answer) => laneOf(word(answer, 0), slot % 8),
    }));
    about("flow", of(tallies.flow), (from, to, slot) => ({
      contract: "marketplace",
      data: market.encodeFunctionData("flowOf", [from, to, blockOf(slot)]),
      read: (answer) => laneOf(word(answer, 0), slot % 8),
    }));
    about("rationed", of(tallies.rationed), (meter, slot) => ({
      contract: "marketplace",
      data: market.encodeFunctionData("rationedOf", [meter, blockOf(slot)]),
      read: (answer) => laneOf(word(answer, 0), slot % 8),
    }));
    about("reported", of(tallies.reported), (meter, slot) => ({
      contract: "meters",
      data: meters.encodeFunctionData("isReported", [meter, slot]),
      read: (answer) => word(answer, 0),
    }));
    about("energy", of(tallies.energy), (holder, microgrid, source, slot) => ({
      contract: "energy",
      data: `${holder}/${energyIdOf({ microgrid, source, slot })}`,
      read: (answer) => BigInt(answer),
    }));
    return questions;
  }

  /** Asks everything at once, the same question once only. */
  private async ask(questions: readonly Question[]): Promise<Map<Question, string>> {
    const answers = new Map<Question, string>();
    for (const contract of ["marketplace", "meters", "energy"] as const) {
      const mine = questions.filter((question) => question.contract === contract);
      const data = [...new Set(mine.map((question) => question.data))];
      if (data.length === 0) continue;
      const answered = await (contract === "energy"
        ? this.balancesOf(data)
        : this.world[contract].multicall.staticCall(data));
      const byData = new Map(data.map((each, i) => [each, answered[i]]));
      for (const question of mine) answers.set(question, byData.get(question.data) ?? "0x");
    }
    return answers;
  }

  private async balancesOf(holdersAndIds: readonly string[]): Promise<string[]> {
    const holders = holdersAndIds.map((each) => each.slice(0, 42));
    const ids = holdersAndIds.map((each) => BigInt(each.slice(43)));
    const balances = await this.world.energy.balanceOfBatch(holders, ids);
    return balances.map(String);
  }

  private readonly ids = new Map<string, string>();

  private idOf(model: Model, id: string): string {
    const known = this.ids.get(id);
    if (known !== undefined) return known;
    const position = model.positions.get(id);
    if (position === undefined) throw new RangeError(`There is no position ${id}.`);
    const hash = keccak256(
      encodeAbiParameters([{ type: "tuple", components }], [this.termsOf(position)]),
    );
    this.ids.set(id, hash);
    return hash;
  }

  private termsOf(position: Position) {
    return {
      ...position,
      source: sourceIndex(position.source),
      currency: this.world.addresses.euro,
      lossBps: Number(position.lossBps),
    };
  }

  private person(address: Address): Person {
    const person = this.people.get(address);
    if (person === undefined) throw new RangeError(`Nobody lives at ${address}.`);
    return person;
  }

  private meterOf(address: Address): MeterOf {
    const meter = this.meters.get(address);
    if (meter === undefined) throw new RangeError(`There is no meter ${address}.`);
    return meter;
  }
}

/** The members of a position's terms, whose hash is its id. */
const components = [
  { name: "seller", type: "address" },
  { name: "buyer", type: "address" },
  { name: "meter", type: "address" },
  { name: "source", type: "uint8" },
  { name: "from", type: "uint32" },
  { name: "to", type: "uint32" },
  { name: "currency", type: "address" },
  { name: "price", type: "uint96" },
  { name: "charge", type: "uint96" },
  { name: "bond", type: "uint96" },
  { name: "lossBps", type: "uint16" },
] as const;

/** The `index`-th word of an answer. */
const word = (answer: string, index: number): bigint =>
  BigInt(`0x${answer.slice(2 + 64 * index, 66 + 64 * index)}`);

function wordsOf(energyWh: EnergyBySlot) {
  const { firstBlock, words } = packProfile(energyWh);
  return { firstBlock, energy: [...words] };
}

const lineWords = ({ lossBps, capacityWh, wheelingUp, wheelingDown }: TieLine) => ({
  lossBps,
  capacity: capacityWh,
  wheelingUp,
  wheelingDown,
});
