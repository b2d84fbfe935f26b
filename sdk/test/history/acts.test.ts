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
import { microgridsAbi } from "../../src/abi/microgrids.ts";
import { energyIdOf } from "../../src/energyId.ts";
import { actsOf, BrokenActError } from "../../src/history/acts.ts";
import {
  type ChainLog,
  type Contracts,
  decodeLog,
  MalformedLogError,
} from "../../src/history/events.ts";

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const CONTRACTS: Contracts = {
  marketplace: at("11"),
  microgrids: at("12"),
  meters: at("22"),
  energy: at("33"),
};
const [SELLER, BUYER] = [at("44"), at("55")];

let logIndex = 0;
function logOf(
  contract: keyof Contracts,
  eventName: string,
  args: Readonly<Record<string, unknown>>,
): ChainLog {
  const abi = {
    marketplace: marketplaceAbi,
    microgrids: microgridsAbi,
    meters: metersAbi,
    energy: energyTokenAbi,
  }[contract];
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

const transfer = (
  operator: Address,
  from: Address,
  to: Address,
  slots: Record<number, bigint>,
  microgrid = 1,
) =>
  logOf("energy", "TransferBatch", {
    operator,
    from,
    to,
    ids: Object.keys(slots).map((slot) =>
      energyIdOf({ microgrid, source: "Solar", slot: Number(slot) }),
    ),
    values: Object.values(slots),
  });
const { marketplace: MARKET, meters: METERS } = CONTRACTS;

const traded = logOf("marketplace", "Traded", {
  orderHash: zeroHash,
  maker: SELLER,
  taker: BUYER,
  nonce: 1n,
  filled: 30n,
  cost: 6n,
  charge: 0n,
});
const matched = (cost: bigint) =>
  logOf("marketplace", "Matched", {
    offerHash: zeroHash,
    bidHash: zeroHash,
    offerNonce: 1n,
    bidNonce: 2n,
    sentWh: 7n,
    arrivedWh: 7n,
    cost,
    charge: 0n,
  });
const skipped = logOf("marketplace", "Skipped", {
  offerHash: zeroHash,
  bidHash: zeroHash,
  reason: "0x12345678",
});
const crossed = logOf("marketplace", "Crossed", {
  from: 1,
  to: 2,
  firstBlock: 2,
  sent: [7n],
  arrived: [6n],
});
const drawn = logOf("marketplace", "Drawn", {
  maker: SELLER,
  currency: at("66"),
  delegate: at("77"),
  amount: 5n,
});
const released = logOf("marketplace", "Released", {
  positionId: zeroHash,
  blockNumber: 2,
  delivered: 7n,
  undelivered: 0n,
  paid: 1n,
  charge: 0n,
  refund: 0n,
  forfeited: 0n,
});
const founded = logOf("microgrids", "Founded", {
  microgrid: 1,
  operator: SELLER,
  dso: BUYER,
  charter: {
    name: "Sunny Lane",
    latitudeTenths: -484,
    longitudeTenths: 100,
    currency: at("66"),
    slotSeconds: 900,
    reportingDeadline: 86_400,
    utcOffsetMinutes: -90,
  },
  ration: 150,
});

const acts = (...logs: readonly ChainLog[]) =>
  actsOf(
    CONTRACTS,
    logs.flatMap((log) => decodeLog(CONTRACTS, log) ?? []),
  );

describe("The events of a transaction", () => {
  it("decode as viem decodes them", () => {
    for (const [log, abi] of [
      [traded, marketplaceAbi],
      [crossed, marketplaceAbi],
      [skipped, marketplaceAbi],
      [founded, microgridsAbi],
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
    const moves = [16, 17].map((slot) => transfer(MARKET, SELLER, BUYER, { [slot]: 7n }));
    const [first, second] = moves;
    if (first === undefined || second === undefined) throw new Error("Two moves were made.");
    const told = acts(first, drawn, matched(1n), skipped, second, matched(2n)).map((act) =>
      act.kind === "match"
        ? [act.matched.args.cost, act.sent.logIndex, act.drawn.length]
        : act.kind,
    );
    expect(told).to.deep.equal([[1n, first.logIndex, 1], "skip", [2n, second.logIndex, 0]]);
  });

  it("follow energy over a line, taken or matched", () => {
    const burn = transfer(MARKET, SELLER, zeroAddress, { 16: 7n });
    const mint = transfer(MARKET, zeroAddress, BUYER, { 16: 6n }, 2);
    const [taken, met] = acts(crossed, traded, burn, mint, burn, mint, crossed, matched(1n));
    for (const act of [taken, met]) {
      if (act?.kind !== "accept" && act?.kind !== "match") throw new Error("Nothing crossed.");
      expect(act.crossed?.args.to).to.equal(2);
      expect([act.sent.from, act.sent.words[0]?.energy]).to.deep.equal([SELLER, 7n]);
      expect([act.arrived.to, act.arrived.words[0]?.microgrid]).to.deep.equal([BUYER, 2]);
    }
    expect(() => acts(burn, mint, matched(1n))).to.throw(BrokenActError, "did not move");
    expect(() => acts(burn, crossed, matched(1n))).to.throw(BrokenActError, "did not move");
  });

  it("tell a release's energy from what comes next", () => {
    const mint = transfer(MARKET, zeroAddress, BUYER, { 16: 7n });
    const [full, empty, next] = acts(
      released,
      mint,
      released,
      transfer(MARKET, SELLER, BUYER, { 16: 7n }),
      matched(1n),
    );
    expect(full?.kind === "release" && full.mint?.to).to.equal(BUYER);
    expect(empty?.kind === "release" && empty.mint).to.equal(undefined);
    expect(next?.kind).to.equal("match");
    const lost = logOf("marketplace", "Unmintable", {
      holder: BUYER,
      line: 256n,
      blockNumber: 2,
      energy: 7n,
    });
    const [full2] = acts(released, lost);
    expect(full2?.kind === "release" && full2.unmintable?.args.energy).to.equal(7n);
    expect(() => acts(lost)).to.throw(BrokenActError, "could not be minted");
  });

  it("give a reading what was kept of it for forwards", () => {
    const kept = logOf("meters", "Delivered", { meter: SELLER, blockNumber: 2, kept: 3n });
    const reported = logOf("meters", "Reported", { meter: SELLER, firstBlock: 2, exported: [9n] });
    const mint = transfer(METERS, zeroAddress, SELLER, { 16: 6n });
    const [report] = acts(kept, reported, mint);
    if (report?.kind !== "report") throw new Error("It is no reading.");
    expect(report.delivered.map(({ args }) => args.kept)).to.deep.equal([3n]);
    expect(report.mint?.words[0]?.energy).to.equal(6n);
    expect(() => acts(kept)).to.throw(BrokenActError, "outside any trade");
  });

  it("that no contract emits are refused", () => {
    const mint = transfer(METERS, zeroAddress, SELLER, { 16: 1n });
    expect(() => acts(mint)).to.throw(BrokenActError, "minted");
    expect(() => acts(transfer(MARKET, zeroAddress, BUYER, { 16: 1n }))).to.throw("minted");
    expect(() => acts(traded)).to.throw(BrokenActError, "moved no energy");
    expect(() => acts(matched(1n))).to.throw(BrokenActError, "did not move");
    const move = transfer(MARKET, SELLER, BUYER, { 16: 1n });
    expect(() => acts(move)).to.throw(BrokenActError, "outside any trade");
    expect(() => acts(drawn)).to.throw(BrokenActError, "outside any trade");
  });
});
