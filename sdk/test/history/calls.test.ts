import { expect } from "chai";
import { describe, it } from "mocha";
import { type Address, encodeFunctionData, type Hex, zeroAddress, zeroHash } from "viem";
import { boardAbi } from "../../src/abi/board.ts";
import { marketplaceAbi } from "../../src/abi/marketplace.ts";
import { microgridsAbi } from "../../src/abi/microgrids.ts";
import { decodeCalls, signedOrdersIn } from "../../src/history/calls.ts";
import type { Order } from "../../src/typedData.ts";

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const CONTRACTS = {
  marketplace: at("11"),
  microgrids: at("12"),
  meters: at("22"),
  energy: at("33"),
  board: at("44"),
};

const order = (nonce: bigint): Order => ({
  ...{ maker: zeroAddress, microgrid: 1, meter: zeroAddress, side: 0, sources: 1 },
  ...{ firstSlot: 8, lastSlot: 15, energy: 1, price: 2n, forward: false, bond: 0n },
  ...{ mostAhead: 0, crosses: false, settler: zeroAddress },
  ...{ counterparty: zeroAddress, nonce, counter: 0n, deadline: 9 },
});
const take = {
  ...{ microgrid: 1, meter: at("55"), source: 0, schedule: 0, takerSchedule: 0 },
  ...{ firstBlock: 1, energy: [1n], leastWh: 0, limit: 3n, mostAhead: 0 },
};
const accept = encodeFunctionData({
  abi: marketplaceAbi,
  functionName: "accept",
  args: [order(1n), "0xaa", take],
});
const settle = encodeFunctionData({
  abi: marketplaceAbi,
  functionName: "settle",
  args: [[order(2n), order(3n)], ["0xbb"], []],
});
const multicall = (...data: readonly Hex[]) =>
  encodeFunctionData({ abi: marketplaceAbi, functionName: "multicall", args: [data] });

describe("A call of Wattline's contracts", () => {
  it("is decoded with its signed orders, those of a multicall in its order", () => {
    const input = multicall(accept, multicall(settle));
    const calls = decodeCalls(CONTRACTS, { to: CONTRACTS.marketplace, input });
    expect(calls.map(({ functionName }) => functionName)).to.deep.equal(["accept", "settle"]);
    const signed = calls.flatMap(signedOrdersIn);
    expect(signed.map((each) => [each.order.nonce, each.signature])).to.deep.equal([
      [1n, "0xaa"],
      [2n, "0xbb"],
      // The contract was given one signature too few.
      [3n, "0x"],
    ]);
  });

  it("is decoded by the contract that was called: a post on the board where its address is known", () => {
    const input = encodeFunctionData({
      abi: boardAbi,
      functionName: "pin",
      args: [[order(4n)], ["0xcc"]],
    });
    const { board, ...others } = CONTRACTS;
    const [pinned] = decodeCalls(CONTRACTS, { to: board, input }).flatMap(signedOrdersIn);
    expect(pinned?.order.nonce).to.equal(4n);
    expect(decodeCalls(others, { to: board, input })).to.deep.equal([{ isKnown: false }]);
    expect(decodeCalls(CONTRACTS, { to: others.meters, input })).to.deep.equal([
      { isKnown: false },
    ]);
    expect(decodeCalls(CONTRACTS, { to: null, input })).to.deep.equal([{ isKnown: false }]);
  });

  it("of the microgrids is decoded by their contract", () => {
    const input = encodeFunctionData({
      abi: microgridsAbi,
      functionName: "setIslanded",
      args: [1, true],
    });
    const [call] = decodeCalls(CONTRACTS, { to: CONTRACTS.microgrids, input });
    expect(call?.functionName).to.equal("setIslanded");
  });

  it("is known but not decoded when only the EVM can follow its arguments", () => {
    const odd: Hex = `${settle.slice(0, 10) as Hex}${"ff".repeat(96)}`;
    expect(decodeCalls(CONTRACTS, { to: CONTRACTS.marketplace, input: odd })).to.deep.equal([
      { isKnown: true },
    ]);
    expect(decodeCalls(CONTRACTS, { to: CONTRACTS.marketplace, input: zeroHash })).to.deep.equal([
      { isKnown: false },
    ]);
  });
});
