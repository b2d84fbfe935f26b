import { expect } from "chai";
import { describe, it } from "mocha";
import { type Address, encodeFunctionData, type Hex, zeroAddress, zeroHash } from "viem";
import { energyTokenAbi } from "../../src/abi/energyToken.ts";
import { marketplaceAbi } from "../../src/abi/marketplace.ts";
import { callsOf } from "../../src/audit/calls.ts";
import { positionIdOf } from "../../src/history/positions.ts";

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const CONTRACTS = {
  marketplace: at("11"),
  microgrids: at("12"),
  meters: at("22"),
  energy: at("33"),
};
const SENDER = at("44");

const deposit = encodeFunctionData({
  abi: marketplaceAbi,
  functionName: "deposit",
  args: [at("55"), 7n],
});
const multicall = (...data: readonly Hex[]) =>
  encodeFunctionData({ abi: marketplaceAbi, functionName: "multicall", args: [data] });

function seen(to: Address | undefined, input: Hex, traced?: readonly Hex[]) {
  const { calls, hidden } = callsOf(CONTRACTS, {
    ...{ hash: zeroHash, from: SENDER, to, input, logs: [] },
    ...(traced && {
      traced: traced.map((each) => ({ from: SENDER, to: CONTRACTS.marketplace, input: each })),
    }),
  });
  return [calls.map(({ kind }) => kind), hidden];
}

describe("The calls of a transaction", () => {
  it("are those of its multicalls, within one another", () => {
    const input = multicall(deposit, multicall(multicall(deposit), "0xdeadbeef"), "0x");
    expect(seen(CONTRACTS.marketplace, input)).to.deep.equal([["deposit", "deposit"], false]);
  });

  it("are hidden where calldata can't be followed, though the contract could", () => {
    // A settle whose lists lie beyond its data: only the EVM says what that means.
    const selector = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "settle",
      args: [[], [], []],
    }).slice(0, 10);
    const odd: Hex = `${selector as Hex}${"ff".repeat(96)}`;
    expect(seen(CONTRACTS.marketplace, multicall(deposit, odd))).to.deep.equal([["deposit"], true]);
    expect(seen(CONTRACTS.marketplace, deposit, [deposit, odd])).to.deep.equal([["deposit"], true]);
  });

  it("of a release are its blocks, one by one, and those of a mandate its holder's", () => {
    const position = {
      ...{ seller: at("61"), buyer: at("62"), meter: at("63"), source: 0, from: 1, to: 1 },
      ...{ currency: at("55"), price: 1n, perArrived: false, charge: 0n, bond: 0n, lossBps: 0 },
      ...{ buyerDelegate: zeroAddress, rationed: zeroAddress, firstBlock: 7 },
      ...{ energy: [1n, 0n, 1n], ahead: [0n, 0n, 0n] },
    };
    const input = multicall(
      encodeFunctionData({
        abi: marketplaceAbi,
        functionName: "undelivered",
        args: [[{ position, blocks: 0b101n }]],
      }),
      encodeFunctionData({
        abi: marketplaceAbi,
        functionName: "withdrawFor",
        args: [at("66"), at("55"), 7n, at("66"), 9, "0x"],
      }),
    );
    const { calls } = callsOf(CONTRACTS, {
      ...{ hash: zeroHash, from: SENDER, to: CONTRACTS.marketplace, input, logs: [] },
    });
    const told = calls.map((call) =>
      call.kind === "release"
        ? [call.blockNumber, call.isCalling, call.positionId === positionIdOf(position)]
        : [call.kind, "holder" in call && call.holder],
    );
    expect(told).to.deep.equal([
      [7, true, true],
      [9, true, true],
      ["withdraw", at("66")],
    ]);
  });

  it("are hidden behind the token, whose receivers may call anything, unless they were traced", () => {
    const input = encodeFunctionData({
      abi: energyTokenAbi,
      functionName: "safeTransferFrom",
      args: [SENDER, at("66"), 1n, 0n, "0x"],
    });
    expect(seen(CONTRACTS.energy, input)).to.deep.equal([[], true]);
    expect(seen(CONTRACTS.energy, input, [deposit])).to.deep.equal([["deposit"], false]);
    expect(seen(at("77"), deposit)).to.deep.equal([[], true]);
    expect(seen(undefined, deposit)).to.deep.equal([[], true]);
  });
});
