import type { Address } from "viem";
import type { Action } from "./actions.ts";
import { Communities } from "./communities.ts";
import { Metering } from "./metering.ts";
import { Orders } from "./orders.ts";
import { Refused } from "./rules.ts";
import { Tallies } from "./tallies.ts";
import { type NotReleased, type Outcome, Trades } from "./trades.ts";

/** What comes of an action. */
export interface Expected {
  /** The rules that it breaks; empty when it is done. Which of several is named first is the contracts' to choose. */
  readonly broken: ReadonlySet<string>;
  /** How each match of a batch ended. */
  readonly outcomes: readonly Outcome[];
  /** The blocks that were not released. */
  readonly kept: readonly NotReleased[];
}

/** The whole market, as the documents have it: in plain loops, slot by slot. */
export class Model {
  readonly tallies = new Tallies();
  readonly communities = new Communities();
  readonly metering = new Metering(this.communities, this.tallies);
  readonly orders: Orders;
  readonly trades: Trades;
  /** Unix time of the last action. */
  nowS: number;

  constructor(nowS: number, market: Address) {
    this.nowS = nowS;
    this.orders = new Orders(this.tallies, market);
    this.trades = new Trades(this.communities, this.metering, this.orders, this.tallies);
  }

  /** Does an action, unless it breaks a rule: then nothing changes. */
  act(action: Action): Expected {
    this.orders.nowS = this.nowS;
    this.trades.nowS = this.nowS;
    const done = { broken: new Set<string>(), outcomes: [], kept: [] };
    try {
      return { ...done, ...this.perform(action) };
    } catch (error) {
      if (error instanceof Refused) return { ...done, broken: error.broken };
      throw error;
    }
  }

  private perform(action: Action): Partial<Expected> | undefined {
    const { communities, metering, orders, trades, nowS } = this;
    switch (action.kind) {
      case "found":
        communities.found(action, action.who);
        break;
      case "schedule":
        communities.schedule(action, nowS);
        break;
      case "setRation":
        communities.setRation(action, nowS);
        break;
      case "setDso":
        communities.setDso(action);
        break;
      case "setIslanded":
        communities.setIslanded(action, nowS);
        break;
      case "declareIslanded":
        communities.declareIslanded(action, nowS);
        break;
      case "setClosed":
        communities.setClosed(action, nowS);
        break;
      case "handOver":
        communities.handOver(action);
        break;
      case "acceptHandOver":
        communities.acceptHandOver(action);
        break;
      case "proposeTieLine":
        communities.proposeTieLine(action, nowS);
        break;
      case "endTieLine":
        communities.endTieLine(action, nowS);
        break;
      case "register":
        metering.register(action, nowS);
        break;
      case "handOverMeter":
        metering.handOverMeter(action);
        break;
      case "acceptMeter":
        metering.acceptMeter(action);
        break;
      case "moveMeter":
        metering.moveMeter(action);
        break;
      case "setCritical":
        metering.setCritical(action);
        break;
      case "retireMeter":
        metering.retireMeter(action, nowS);
        break;
      case "report":
        metering.report(action, nowS);
        break;
      case "retire":
        metering.retire(action);
        break;
      case "deposit":
        orders.deposit(action);
        break;
      case "withdraw":
        orders.withdraw(action);
        break;
      case "lock":
        orders.lock(action);
        break;
      case "cancel":
        orders.cancel(action);
        break;
      case "cancelAll":
        orders.cancelAll(action);
        break;
      case "authorize":
        orders.authorize(action);
        break;
      case "accept":
      case "reserve":
        trades.take(action);
        break;
      case "settle":
        return { outcomes: trades.settle(action) };
      case "release":
      case "undelivered":
        return { kept: trades.release(action) };
      case "wait":
        this.nowS += action.seconds;
        break;
    }
    return undefined;
  }
}
