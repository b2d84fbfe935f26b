import { i18n } from "@lingui/core";
import {
  boardAbi,
  bulkTree,
  EMPTY_ORDER,
  energyTokenAbi,
  marketDomain,
  marketplaceAbi,
  metersAbi,
  microgridsAbi,
  type Order,
  orderBookTypedData,
  packProfile,
} from "@wattline/sdk";
import { expect } from "chai";
import {
  type Abi,
  type AbiParameter,
  type Address,
  encodeFunctionData,
  erc20Abi,
  type Hex,
  numberToHex,
  zeroAddress,
} from "viem";
import type { Network } from "../../chain/index.ts";
import { describeCall, describeTypedData } from "./describe.ts";
import type { Telling } from "./telling.ts";

const account = (number: number): Address => numberToHex(number, { size: 20 });
const [MARKETPLACE, MICROGRIDS, METERS, ENERGY, BOARD, EURO, JANE, HANNA] = [
  1, 2, 3, 4, 5, 6, 7, 8,
].map(account) as [Address, Address, Address, Address, Address, Address, Address, Address];

const network: Network = {
  deployment: {
    chainId: 31_337,
    marketplace: MARKETPLACE,
    microgrids: MICROGRIDS,
    meters: METERS,
    energy: ENERGY,
    board: BOARD,
    fromBlock: 0,
  },
  name: "Test chain",
  rpcUrl: "http://127.0.0.1:1",
  currency: { address: EURO, symbol: "tEUR", decimals: 6, name: "Test Euro" },
};
const telling: Telling = {
  network,
  microgrids: [{ microgrid: 1, name: "Linden", slotSeconds: 900 }],
};

/** Calls that only contracts of Wattline itself can make. */
const INTERNAL = ["commit", "mint", "move", "moveAcross"];

/** Any value of a type. */
function anyOf(parameter: AbiParameter): unknown {
  const { type } = parameter;
  const array = /^(.*)\[\]$/.exec(type);
  if (array?.[1] !== undefined) return [anyOf({ ...parameter, type: array[1] })];
  if (type === "tuple" && "components" in parameter) {
    return Object.fromEntries(parameter.components.map((each) => [each.name ?? "", anyOf(each)]));
  }
  if (type === "address") return JANE;
  if (type === "bool") return true;
  if (type === "string") return "Words";
  const bytes = /^bytes(\d*)$/.exec(type);
  if (bytes) return `0x${"11".repeat(Number(bytes[1] || 1))}`;
  const bits = Number(/\d+/.exec(type)?.[0] ?? 256);
  return bits > 48 ? 1n : 1;
}

const zero: Order = {
  ...EMPTY_ORDER,
  maker: JANE,
  microgrid: 1,
  sources: 1,
  firstSlot: 80,
  lastSlot: 87,
  energy: 2_000,
  price: 170_000n,
  deadline: 100_000,
};

describe("Requests in words", () => {
  beforeEach(() => i18n.loadAndActivate({ locale: "en", messages: {} }));
  const plain = (text: string | undefined) => text?.replaceAll(/\s/g, " ");
  const callWords = (to: Address, data: Hex) => describeCall({ to, data, value: 0n }, telling);

  for (const [name, to, abi] of [
    ["marketplace", MARKETPLACE, marketplaceAbi],
    ["microgrids", MICROGRIDS, microgridsAbi],
    ["meters", METERS, metersAbi],
    ["energy", ENERGY, energyTokenAbi],
    ["board", BOARD, boardAbi],
  ] as const) {
    it(`are sentences for every call of the ${name}, and say nothing in code`, () => {
      const functions = (abi as Abi).filter(
        (item) => item.type === "function" && item.stateMutability === "nonpayable",
      );
      for (const item of functions) {
        if (item.type !== "function" || [...INTERNAL, "multicall"].includes(item.name)) continue;
        const data = encodeFunctionData<Abi, string>({
          abi: [item],
          functionName: item.name,
          args: item.inputs.map(anyOf),
        });
        const { words, fields } = callWords(to, data);
        expect(words, item.name).to.have.length(1);
        expect(words[0], item.name).to.match(/^[A-Z].* .*\.|: /);
        expect(words[0], item.name).not.to.include("An unknown call");
        expect(fields.length, item.name).to.be.greaterThan(0);
      }
    });
  }

  it("name energy, time, counterpart and total of a purchase, and a gift as one", () => {
    const { firstBlock, words: energy } = packProfile(
      new Map([
        [80, 500n],
        [83, 250n],
      ]),
    );
    const take = {
      microgrid: 1,
      meter: zeroAddress,
      source: 0,
      schedule: 0,
      takerSchedule: 0,
      firstBlock,
      energy,
      leastWh: 1,
      limit: 170_000n,
      mostAhead: 0,
    };
    const buy = (limit: bigint, side = 0) =>
      encodeFunctionData({
        abi: marketplaceAbi,
        functionName: "accept",
        args: [{ ...zero, maker: HANNA, side }, "0x", { ...take, limit }],
      });
    expect(plain(callWords(MARKETPLACE, buy(170_000n)).words[0])).to.match(
      /^Buy 750 Wh \(solar\), .+ – .+, from 0x0000…0008 for €0\.13 at most \(€0\.17\/kWh, all in\)\.$/,
    );
    expect(plain(callWords(MARKETPLACE, buy(0n)).words[0])).to.match(
      /^Take 750 Wh \(solar\), .+, from 0x0000…0008 as a gift\.$/,
    );
    expect(plain(callWords(MARKETPLACE, buy(170_000n, 1)).words[0])).to.match(/^Sell 750 Wh .+ to/);
  });

  it("sum up readings that are submitted together, and list them", () => {
    const reading = (meter: Address) =>
      encodeFunctionData({
        abi: metersAbi,
        functionName: "report",
        args: [{ meter, firstBlock: 10, exported: [700n] }, "0x"],
      });
    const data = encodeFunctionData({
      abi: metersAbi,
      functionName: "multicall",
      args: [[reading(JANE), reading(HANNA)]],
    });
    const { words, each } = callWords(METERS, data);
    expect(words.map(plain)).to.deep.equal([
      "Submit 2 readings of meters: 1.4 kWh in all are minted to their owners.",
    ]);
    expect(each).to.have.length(2);
  });

  it("count the orders under one signature without what fills the tree up", () => {
    const orders = Array.from({ length: 14 }, (_, index) => ({ ...zero, nonce: BigInt(index) }));
    const typed = orderBookTypedData(marketDomain(31_337, MARKETPLACE), {
      orders,
      tree: bulkTree(orders),
    });
    const message = JSON.parse(
      JSON.stringify(typed.message, (_, value) =>
        typeof value === "bigint" ? value.toString() : value,
      ),
    );
    const { words, each } = describeTypedData(
      { domain: {}, types: {}, primaryType: "BulkOrder", message },
      telling,
    );
    expect(words).to.deep.equal(["One signature over 14 orders:"]);
    expect(each).to.have.length(14);
    expect(plain(each?.[0])).to.match(
      /^You offer up to 2 kWh \(solar\) in Linden, .+, to anyone, at a posted price of €0\.17\/kWh: €0\.34 in all\./,
    );
  });

  it("say who agrees to be called how, and which names an operator publishes", () => {
    const words = (primaryType: string, message: Record<string, unknown>) =>
      describeTypedData({ domain: {}, types: {}, primaryType, message }, telling);
    const jane = { account: JANE, name: "Jane", street: "Lane 3" };
    expect(words("Listing", { microgrid: 1, ...jane }).words).to.deep.equal([
      "You agree to be called “Jane”, Lane 3 in Linden, where everybody can read it.",
    ]);
    const listings = [jane, { ...jane, name: "H.", street: "" }];
    const all = words("Directory", { microgrid: 1, version: 2, listings });
    expect(all.words).to.deep.equal(["Publish 2 names of Linden, for everybody to read:"]);
    expect(all.each).to.deep.equal(["“Jane”, Lane 3 (0x0000…0007)", "“H.” (0x0000…0007)"]);
  });

  it("say that a call is unknown, and show it as it is", () => {
    const data = encodeFunctionData({
      abi: erc20Abi,
      functionName: "approve",
      args: [JANE, 1n],
    });
    expect(callWords(EURO, data).words[0]).to.match(/^Let 0x0000…0007 take up to €0\.000001/);
    for (const [to, bytes] of [
      [HANNA, data],
      [MARKETPLACE, "0x12345678"],
      [METERS, "0xac9650d8ff"],
    ] as const) {
      const { words, fields } = callWords(to, bytes);
      expect(words, bytes).to.deep.equal([
        "An unknown call. Confirm it only if you know what it does.",
      ]);
      expect(fields.map(({ value }) => value)).to.include(bytes);
    }
  });
});
