import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type Address,
  decodeEventLog,
  encodeAbiParameters,
  encodeEventTopics,
  type Hex,
  zeroAddress,
  zeroHash,
} from "viem";
import { energyTokenAbi } from "../../src/abi/energyToken.ts";
import { marketplaceAbi } from "../../src/abi/marketplace.ts";
import { metersAbi } from "../../src/abi/meters.ts";
import { energyIdOf } from "../../src/energyId.ts";
import { actsOf, BrokenActError } from "../../src/history/acts.ts";
import {
  type ChainLog,
  type Contracts,
  decodeLog,
  MalformedLogError,
} from "../../src/history/events.ts";

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const CONTRACTS: Contracts = { marketplace: at("11"), meters: at("22"), energy: at("33") };
const [SELLER, BUYER] = [at("44"), at("55")];

let logIndex = 0;
function logOf(
  contract: keyof Contracts,
  eventName: string,
  args: Readonly<Record<string, unknown>>,
): ChainLog {
  const abi = { marketplace: marketplaceAbi, meters: metersAbi, energy: energyTokenAbi }[contract];
  const item = abi.find((each) => each.type === "event" && each.name === eventName);
  if (item?.type !== "event") throw new Error(`No event ${eventName}.`);
  const plain = item.inputs.filter(({ indexed }) => !indexed);
  return {
    address: CONTRACTS[contract],
    topics: encodeEventTopics({ abi: [item], args } as never) as Hex[],
    data: encodeAbiParameters(plain as never, plain.map(({ name }) => args[name]) as never),
    logIndex: logIndex++,
  };
}

const transfer = (operator: Address, from: Address, to: Address, slots: Record<number, bigint>) =>
  logOf("energy", "TransferBatch", {
    operator,
    from,
    to,
    ids: Object.keys(slots).map((slot) =>
      energyIdOf({ microgrid: 1, source: "Solar", slot: Number(slot) }),
    ),
    values: Object.values(slots),
  });

const traded = logOf("marketplace", "Traded", {
  orderHash: zeroHash,
  maker: SELLER,
  taker: BUYER,
  nonce: 1n,
  energy: 30n,
  cost: 6n,
  charge: 0n,
});
const matched = (cost: bigint) =>
  logOf("marketplace", "Matched", {
    offerHash: zeroHash,
    bidHash: zeroHash,
    offerNonce: 1n,
    bidNonce: 2n,
    cost,
    charge: 0n,
  });
const skipped = logOf("marketplace", "Skipped", {
  offerHash: zeroHash,
  bidHash: zeroHash,
  reason: "0x12345678",
});
const cleared = logOf("marketplace", "Cleared", { microgrid: 1, firstBlock: 2, prices: [5n] });

const acts = (...logs: readonly ChainLog[]) =>
  actsOf(
    CONTRACTS,
    logs.flatMap((log) => decodeLog(CONTRACTS, log) ?? []),
  );

describe("The events of a transaction", () => {
  it("decode as viem decodes them", () => {
    for (const [log, abi] of [
      [traded, marketplaceAbi],
      [cleared, marketplaceAbi],
      [skipped, marketplaceAbi],
      [transfer(SELLER, SELLER, BUYER, { 16: 3n, 17: 4n }), energyTokenAbi],
    ] as const) {
      const [topic = zeroHash, ...rest] = log.topics;
      const { args, eventName } = decodeEventLog({ abi, topics: [topic, ...rest], data: log.data });
      expect(decodeLog(CONTRACTS, log)).to.deep.include({ eventName, args });
    }
  });

  it("are refused when their data ends too early", () => {
    const short = { ...traded, data: traded.data.slice(0, 2 + 64 * 3) as Hex };
    expect(() => decodeLog(CONTRACTS, short)).to.throw(MalformedLogError, "Traded");
  });

  it("of other contracts are ignored", () => {
    expect(decodeLog(CONTRACTS, { ...traded, address: at("66") })).to.equal(undefined);
  });

  it("contain the energy that moved with a purchase", () => {
    const move = transfer(CONTRACTS.marketplace, SELLER, BUYER, { 16: 10n, 17: 20n });
    const [act] = acts(traded, move);
    expect(act).to.include({ kind: "accept" });
    expect(act?.kind === "accept" && act.sent.words[0]).to.include({
      microgrid: 1,
      source: "Solar",
      blockNumber: 2,
      energy: 10n | (20n << 32n),
    });
  });

  it("give each match of a batch its energy, past those that were skipped", () => {
    const moves = [16, 17].map((slot) =>
      transfer(CONTRACTS.marketplace, SELLER, BUYER, { [slot]: 7n }),
    );
    const [first, second] = moves;
    if (first === undefined || second === undefined) throw new Error("Two moves were made.");
    const [act] = acts(first, skipped, second, matched(1n), matched(2n), cleared);
    if (act?.kind !== "settle") throw new Error("It is no batch.");
    const told = act.outcomes.map((outcome) =>
      outcome.skipped === undefined
        ? [outcome.matched.args.cost, outcome.move.logIndex]
        : "skipped",
    );
    expect(told).to.deep.equal([[1n, first.logIndex], "skipped", [2n, second.logIndex]]);
  });

  it("that no contract emits are refused", () => {
    const mint = transfer(CONTRACTS.meters, zeroAddress, SELLER, { 16: 1n });
    expect(() => acts(mint)).to.throw(BrokenActError, "minted");
    expect(() => acts(traded)).to.throw(BrokenActError, "moved no energy");
    expect(() => acts(matched(1n), cleared)).to.throw(BrokenActError, "no energy moved");
    const move = transfer(CONTRACTS.marketplace, SELLER, BUYER, { 16: 1n });
    expect(() => acts(move)).to.throw(BrokenActError, "outside any trade");
    expect(() => acts(move, cleared)).to.throw(BrokenActError, "not paid");
  });
});
