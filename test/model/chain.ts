import {
  blockOf,
  type EnergyBySlot,
  laneOf,
  packProfile,
  packReading,
  READING_TYPES,
  REGISTRATION_TYPES,
} from "@wattline/sdk";
import type { ContractTransactionResponse } from "ethers";
import type { Address, Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { membersOf } from "../support/structs.ts";
import type { Person, World } from "../support/world.ts";
import type { Action, ActionOf, Release, SignedOrder, Take } from "./actions.ts";
import type { Model } from "./model.ts";
import type { Tally } from "./tally.ts";

/** What the contracts made of an action. */
export interface Answer {
  /** The error that they refused it with. */
  readonly error?: string;
  /** How each match of a batch ended: `Matched`, `Reserved`, or the reason to skip it. */
  readonly outcomes: readonly string[];
  /** The blocks that were not released, each with its reason, in order. */
  readonly kept: readonly { readonly block: number; readonly reason: string }[];
}

/** A difference between the contracts and the model. */
export interface Difference {
  readonly what: string;
  readonly chain: bigint;
  readonly model: bigint;
}

/** Of a view that is asked in a batch: which one, and what of its answer is meant. */
interface Question {
  readonly what: string;
  readonly model: bigint;
  readonly contract: "marketplace" | "meters" | "energy";
  readonly data: string;
  readonly read: (answer: string) => bigint;
}

// Given so that nothing is estimated: a refused step is then sent once, and its block carries the model's time.
const GAS = { gasLimit: 16_000_000n };

type Position = Awaited<ReturnType<World["positionsOf"]>>[number];

/** The contracts behind the actions of the model. */
export class Chain {
  /** As the contracts announced them. */
  private readonly positions: { readonly id: string; readonly position: Position }[] = [];
  private readonly signatures = new Map<SignedOrder, Promise<Hex>>();
  private readonly world: World;
  private readonly people: ReadonlyMap<Address, Person>;
  private readonly devices: ReadonlyMap<Address, PrivateKeyAccount>;

  constructor(world: World, people: readonly Person[], devices: readonly PrivateKeyAccount[]) {
    this.world = world;
    this.people = new Map(people.map((person) => [person.address, person]));
    this.devices = new Map(devices.map((device) => [device.address, device]));
  }

  /** Does an action at a time. */
  async act(action: Action, nowS: number): Promise<Answer> {
    if (action.kind === "wait") return { outcomes: [], kept: [] };
    const send = await this.prepare(action);
    await this.world.networkHelpers.time.setNextBlockTimestamp(nowS);
    try {
      return await this.readEvents(await send());
    } catch (error) {
      return { error: this.nameOf(error), outcomes: [], kept: [] };
    }
  }

  private async prepare(
    action: Exclude<Action, { kind: "wait" }>,
  ): Promise<() => Promise<ContractTransactionResponse>> {
    const { signer } = this.person(action.who);
    const market = this.world.marketplace.connect(signer);
    const meters = this.world.meters.connect(signer);
    const microgrids = this.world.microgrids.connect(signer);
    const { euro } = this.world.addresses;
    switch (action.kind) {
      case "found": {
        const { slotSeconds, reportingDeadline, utcOffsetMinutes } = action;
        const charter = {
          ...this.world.charter,
          slotSeconds,
          reportingDeadline,
          utcOffsetMinutes,
        };
        const { levelOfHour, levels, dso, ration } = action;
        return () => microgrids.found(charter, levelOfHour, [...levels], dso, ration, GAS);
      }
      case "schedule": {
        const { microgrid, firstSlot, levelOfHour, levels } = action;
        return () => microgrids.schedule(microgrid, firstSlot, levelOfHour, [...levels], GAS);
      }
      case "setRation":
        return () => microgrids.setRation(action.microgrid, action.ration, GAS);
      case "setDso":
        return () => microgrids.setDso(action.microgrid, action.dso, GAS);
      case "setIslanded":
        return () => microgrids.setIslanded(action.microgrid, action.islanded, GAS);
      case "declareIslanded": {
        const { microgrid, firstSlot, lastSlot } = action;
        return () => microgrids.declareIslanded(microgrid, firstSlot, lastSlot, GAS);
      }
      case "setClosed":
        return () => microgrids.setClosed(action.microgrid, action.closed, GAS);
      case "handOver":
        return () => microgrids.handOver(action.microgrid, action.successor, GAS);
      case "acceptHandOver":
        return () => microgrids.acceptHandOver(action.microgrid, GAS);
      case "proposeTieLine":
        return () => microgrids.proposeTieLine(action.mine, action.other, action.line, GAS);
      case "endTieLine":
        return () => microgrids.endTieLine(action.mine, action.other, GAS);
      case "register": {
        const { registration, critical } = action;
        const consent = await this.device(action.signer).signTypedData({
          domain: this.metersDomain(),
          types: REGISTRATION_TYPES,
          primaryType: "Registration",
          message: registration,
        });
        return () => meters.register({ ...registration, critical }, consent, GAS);
      }
      case "handOverMeter":
        return () => meters.handOverMeter(action.meter, action.to, GAS);
      case "acceptMeter":
        return () => meters.acceptMeter(action.meter, action.offer, GAS);
      case "moveMeter":
        return () => meters.moveMeter(action.meter, action.microgrid, GAS);
      case "setCritical":
        return () => meters.setCritical(action.meter, action.critical, GAS);
      case "retireMeter":
        return () => meters.retireMeter(action.meter, GAS);
      case "report": {
        const { message, signature } = await this.readingOf(action);
        return () => meters.report(message, signature, GAS);
      }
      case "retire": {
        const { firstBlock, energy } = wordsOf(action.energyWh);
        const { microgrid, source, who } = action;
        const token = this.world.energy.connect(signer);
        return () => token.retire(microgrid, source, firstBlock, energy, who, "tea", GAS);
      }
      case "deposit":
        return () => market.deposit(euro, action.amount, GAS);
      case "withdraw":
        return () => market.withdraw(euro, action.amount, action.to, GAS);
      case "lock":
        return () => market.lock(euro, action.settler, action.signer, action.until, GAS);
      case "cancel":
        return () => market.cancel([...action.nonces], GAS);
      case "cancelAll":
        return () => market.cancelAll(euro, GAS);
      case "authorize":
        return () => market.authorize(euro, action.delegate, action.amount, action.until, GAS);
      case "accept":
      case "reserve": {
        const { signed, kind } = action;
        const signature = await this.sign(signed);
        const take = takeWords(action.take);
        return () => market[kind](signed.order, signature, take, GAS);
      }
      case "settle": {
        const signatures = await Promise.all(action.orders.map((signed) => this.sign(signed)));
        const orders = action.orders.map(({ order }) => order);
        const matches = action.matches.map(({ energyWh, ...match }) => ({
          ...match,
          ...wordsOf(energyWh),
        }));
        const some = signatures.slice(0, action.signatures);
        return () => market.settle(orders, some, matches, GAS);
      }
      case "release":
      case "undelivered": {
        const releases = action.releases.map((each) => this.releaseOf(each));
        return () => market[action.kind](releases, GAS);
      }
    }
  }

  private releaseOf({ position, blocks }: Release) {
    const known = this.positions[position];
    if (known === undefined) throw new RangeError(`There is no position ${position}.`);
    const mask = blocks.reduce((sum, block) => sum | (1n << BigInt(block)), 0n);
    return { position: known.position, blocks: mask };
  }

  private async readingOf({ meter, signer, exportedWh }: ActionOf<"report">) {
    const { firstBlock, words } = exportedWh.size > 0 ? packReading(exportedWh) : NOTHING;
    const message = { meter, firstBlock, exported: [...words] };
    const signature = await this.device(signer).signTypedData({
      domain: this.metersDomain(),
      types: READING_TYPES,
      primaryType: "Reading",
      message: { ...message },
    });
    return { message, signature };
  }

  private metersDomain() {
    const { chainId, addresses } = this.world;
    return {
      name: "Wattline Meters",
      version: "2",
      chainId,
      verifyingContract: addresses.meters,
    };
  }

  private sign(signed: SignedOrder): Promise<Hex> {
    const known = this.signatures.get(signed);
    if (known !== undefined) return known;
    const signature = this.world
      .sign(signed.order, this.person(signed.signer))
      .then((made) => made.signature);
    this.signatures.set(signed, signature);
    return signature;
  }

  private async readEvents(sent: ContractTransactionResponse): Promise<Answer> {
    const receipt = await sent.wait();
    const outcomes: string[] = [];
    const kept: { block: number; reason: string }[] = [];
    for (const { topics, data } of receipt?.logs ?? []) {
      const event = this.world.marketplace.interface.parseLog({ topics: [...topics], data });
      if (event?.name === "Matched") outcomes.push(event.name);
      if (event?.name === "Skipped") outcomes.push(this.errorOf(event.args.reason));
      if (event?.name === "NotReleased") {
        kept.push({
          block: Number(event.args.blockNumber),
          reason: this.errorOf(event.args.reason),
        });
      }
      if (event?.name !== "Reserved") continue;
      outcomes.push(event.name);
      const { positionId, position } = event.args;
      this.positions.push({
        id: positionId,
        position: {
          ...position.toObject(),
          energy: [...position.energy],
          ahead: [...position.ahead],
        },
      });
    }
    return { outcomes, kept };
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
    const { marketplace, meters, microgrids, energy } = this.world;
    for (const { interface: known } of [marketplace, meters, microgrids, energy]) {
      const error = known.getError(data.slice(0, 10));
      if (error !== null) return error.name;
    }
    return data;
  }

  // ---- Comparison ----------------------------------------------------------------------------------------------

  /** Where the contracts hold something else than the model, among what the last action may have changed. */
  async differences(model: Model): Promise<Difference[]> {
    const questions = this.questionsAbout(model);
    const answers = await this.ask(questions);
    return questions
      .map((question) => ({
        what: question.what,
        chain: question.read(answers.get(question) ?? "0x"),
        model: question.model,
      }))
      .filter(({ chain, model: expected }) => chain !== expected);
  }

  /** The terms of the position that was made as the `index`-th, in the model's terms. */
  positionAt(index: number) {
    const known = this.positions[index];
    if (known === undefined) return undefined;
    const { position } = known;
    const lanes = (words: readonly bigint[]) =>
      words.flatMap((word, block) =>
        Array.from(
          { length: 8 },
          (_, lane) =>
            [8 * (Number(position.firstBlock) + block) + lane, laneOf(word, lane)] as const,
        ),
      );
    const energy = lanes(position.energy).filter(([, wh]) => wh > 0n);
    const sold = new Set(energy.map(([slot]) => slot));
    return {
      seller: position.seller,
      buyer: position.buyer,
      meter: position.meter,
      source: Number(position.source),
      from: Number(position.from),
      to: Number(position.to),
      pricePerKwh: position.price,
      perArrived: position.perArrived,
      chargePerKwh: position.charge,
      bondPerKwh: position.bond,
      lossBps: position.lossBps,
      buyerDelegate: position.buyerDelegate,
      rationed: position.rationed,
      firstBlock: Number(position.firstBlock),
      energyWh: energy,
      aheadWh: lanes(position.ahead).filter(([slot]) => sold.has(slot)),
    };
  }

  async vault(): Promise<bigint> {
    return this.world.euro.balanceOf(this.world.addresses.market);
  }

  /** A meter's state as the contracts have it. */
  async meterAt(meter: Address): Promise<Record<string, unknown>> {
    return membersOf(await this.world.meters.meterOf(meter));
  }

  private questionsAbout(model: Model): Question[] {
    const { tallies } = model;
    const { euro } = this.world.addresses;
    const market = this.world.marketplace.interface;
    const meters = this.world.meters.interface;
    const energy = this.world.energy.interface;
    const questions: Question[] = [];
    const about = <K extends readonly (string | number | bigint)[]>(
      what: keyof typeof tallies,
      tally: Tally<K>,
      ask: (...key: K) => Omit<Question, "what" | "model">,
    ) => {
      for (const { key, amount } of tally.takeTouched()) {
        questions.push({ what: `${what} ${key.join("/")}`, model: amount, ...ask(...key) });
      }
    };
    const inWord = (contract: Question["contract"], data: string, index: number) => ({
      contract,
      data,
      read: (answer: string) => wordAt(answer, index),
    });
    const inLane = (contract: Question["contract"], data: string, index: number, slot: number) => ({
      contract,
      data,
      read: (answer: string) => laneOf(wordAt(answer, index), slot % 8),
    });
    const account = (index: number) => (holder: Address) =>
      inWord("marketplace", market.encodeFunctionData("accountOf", [euro, holder]), index);
    const allowance = (index: number) => (maker: Address, delegate: Address) =>
      inWord(
        "marketplace",
        market.encodeFunctionData("allowanceOf", [maker, euro, delegate]),
        index,
      );
    const fill = (index: number) => (maker: Address, nonce: bigint) =>
      inWord("marketplace", market.encodeFunctionData("fillOf", [maker, nonce]), index);
    const delivery = (index: number) => (meter: Address, slot: number) =>
      inLane(
        "meters",
        meters.encodeFunctionData("deliveryOf", [meter, blockOf(slot)]),
        index,
        slot,
      );

    about("money", tallies.money, account(0));
    about("counter", tallies.counter, account(1));
    about("lockedUntil", tallies.lockedUntil, account(2));
    about("allowance", tallies.allowance, allowance(0));
    about("allowedUntil", tallies.allowedUntil, allowance(1));
    about("filled", tallies.filled, fill(0));
    about("cancelled", tallies.cancelled, fill(1));
    about("firmFilled", tallies.firmFilled, (maker, settler, nonce) =>
      inWord(
        "marketplace",
        market.encodeFunctionData("firmFillOf", [maker, euro, settler, nonce]),
        0,
      ),
    );
    about("energy", tallies.energy, (holder, microgrid, source, slot) =>
      // An array's offset and length come first.
      inLane(
        "energy",
        energy.encodeFunctionData("profileOf", [holder, microgrid, source, blockOf(slot), 1]),
        2,
        slot,
      ),
    );
    about("committed", tallies.committed, delivery(0));
    about("delivered", tallies.delivered, delivery(1));
    about("reported", tallies.reported, (meter, slot) =>
      inWord("meters", meters.encodeFunctionData("isReported", [meter, slot]), 0),
    );
    about("flow", tallies.flow, (from, to, slot) =>
      inLane(
        "marketplace",
        market.encodeFunctionData("flowOf", [from, to, blockOf(slot)]),
        0,
        slot,
      ),
    );
    about("rationed", tallies.rationed, (meter, slot) =>
      inLane(
        "marketplace",
        market.encodeFunctionData("rationedOf", [meter, blockOf(slot)]),
        0,
        slot,
      ),
    );
    about("open", tallies.open, (position) =>
      inWord(
        "marketplace",
        market.encodeFunctionData("openOf", [this.positions[position]?.id ?? ZERO_ID]),
        0,
      ),
    );
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
        ? Promise.all(data.map((each) => this.profile(each)))
        : this.world[contract].multicall.staticCall(data));
      const byData = new Map(data.map((each, i) => [each, answered[i]]));
      for (const question of mine) answers.set(question, byData.get(question.data) ?? "0x");
    }
    return answers;
  }

  private async profile(data: string): Promise<string> {
    const to = await this.world.energy.getAddress();
    return this.world.ethers.provider.call({ to, data });
  }

  private person(address: Address): Person {
    const person = this.people.get(address);
    if (person === undefined) throw new RangeError(`Nobody has the address ${address}.`);
    return person;
  }

  private device(address: Address): PrivateKeyAccount {
    const device = this.devices.get(address);
    if (device === undefined) throw new RangeError(`There is no device ${address}.`);
    return device;
  }
}

const ZERO_ID = `0x${"00".repeat(32)}`;
const NOTHING = { firstBlock: 0, words: [0n] };

/** The `index`-th word of an answer. */
const wordAt = (answer: string, index: number): bigint =>
  BigInt(`0x${answer.slice(2 + 64 * index, 66 + 64 * index)}`);

function wordsOf(energyWh: EnergyBySlot) {
  const { firstBlock, words } = packProfile(energyWh);
  return { firstBlock, energy: [...words] };
}

const takeWords = ({ energyWh, ...take }: Take) => ({
  ...take,
  ...wordsOf(energyWh),
});
