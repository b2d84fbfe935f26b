import { expect } from "chai";
import { network } from "hardhat";
import { before, describe, it } from "mocha";
import { drawMutants, mutated } from "../../scripts/mutation/choose.ts";
import { analyse, type Code, compile } from "../../scripts/mutation/compile.ts";
import { type Mutant, mutantsOf } from "../../scripts/mutation/find.ts";
import { choose, type Numbered } from "../../scripts/mutation/guard.ts";
import { wilson } from "../../scripts/mutation/score.ts";

const FILE = "market/Toy.sol";
const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Zählt auch Bytes: Ä.
contract Toy {
    uint256 constant SCALE = 10 ** 3;
    uint256 public total;
    error Toy_TooMuch();

    function add(uint256 amount, uint256 most) external {
        if (amount > most) revert Toy_TooMuch();
        total += amount * 2;
    }

    function mask(uint256 bit) external pure returns (uint256) {
        return 1 << bit;
    }
}
`;
const SOURCES = { [FILE]: SOURCE };

const shown = ({ original, mutated: to }: Mutant): string => `${original} → ${to || "nothing"}`;

describe("Mutants", () => {
  let mutants: Numbered[];
  let code: Code;

  before(() => {
    mutants = drawMutants(SOURCES, 100, 1);
    code = compile(mutated(SOURCES, mutants));
  });

  it("are the small changes of a source that are possible", () => {
    const { trees } = analyse(SOURCES);
    expect(mutantsOf(FILE, SOURCE, trees[FILE]).map(shown)).to.deep.equal([
      "amount > most → false",
      "amount > most → amount >= most",
      "amount > most → amount <= most",
      "revert Toy_TooMuch(); → nothing",
      "total += amount * 2; → nothing",
      "total += amount * 2; → total -= amount * 2;",
      "amount * 2 → amount / 2",
      "2 → 3",
      "1 << bit → 1 >> bit",
    ]);
  });

  it("are drawn anew by another seed, and the same by the same", () => {
    const draw = (seed: number) => drawMutants(SOURCES, 4, seed).map(shown);
    expect(draw(7)).to.deep.equal(draw(7)).and.to.not.deep.equal(draw(8));
  });

  it("make room for others when they do not compile", () => {
    const text = SOURCE.replace(
      "total +=",
      "delete accounts[address(0)];\n        total +=",
    ).replace("uint256 public", "mapping(address => bool) accounts;\n    uint256 public");
    const drawn = drawMutants({ [FILE]: text }, 100, 1).map(shown);
    expect(drawn).to.include("2 → 3").and.to.not.include("0 → 1");
  });

  /** What a mutant does: the total after adding 3 of at most 3, and after 4 of at most 3. */
  async function behaviourOf(number: number): Promise<string> {
    const built = code.get(`${FILE}:Toy`);
    if (built === undefined) throw new Error("The toy was not compiled.");
    const { bytecode, linkReferences } = choose(built, number);
    expect(linkReferences).to.deep.equal({});
    const { ethers } = await network.create();
    const [signer] = await ethers.getSigners();
    const abi = [
      "function add(uint256, uint256)",
      "function total() view returns (uint256)",
      "function mask(uint256) pure returns (uint256)",
      "error Toy_TooMuch()",
    ];
    const toy = await new ethers.ContractFactory(abi, bytecode, signer).deploy();
    const call = toy.getFunction("add");
    const outcomes: string[] = [];
    for (const amount of [3n, 4n]) {
      const isDone = await call(amount, 3n).then(
        () => true,
        () => false,
      );
      outcomes.push(isDone ? String(await toy.getFunction("total")()) : "refused");
    }
    return [...outcomes, await toy.getFunction("mask")(9n)].join(" ");
  }

  it("are chosen one at a time by linking, and with none the code is sound", async () => {
    const expected: Readonly<Record<string, string>> = {
      "amount > most → amount >= most": "refused refused 512",
      "amount > most → amount <= most": "refused 8 512",
      "amount > most → false": "6 14 512",
      "revert Toy_TooMuch(); → nothing": "6 14 512",
      "total += amount * 2; → nothing": "0 refused 512",
      "total += amount * 2; → total -= amount * 2;": "refused refused 512",
      "amount * 2 → amount / 2": "1 refused 512",
      "2 → 3": "9 refused 512",
      "1 << bit → 1 >> bit": "6 refused 0",
    };
    expect(await behaviourOf(0)).to.equal("6 refused 512");
    expect(mutants.map(shown)).to.have.members(Object.keys(expected));
    for (const mutant of mutants) {
      expect(await behaviourOf(mutant.number), shown(mutant)).to.equal(expected[shown(mutant)]);
    }
  });

  it("give a share with its confidence interval", () => {
    // Wilson's interval of 81 in 263, as published by R. G. Newcombe, Statistics in Medicine 17 (1998), table I.
    const { low, high } = wilson(81, 263);
    expect([low, high].map((share) => share.toFixed(4))).to.deep.equal(["0.2553", "0.3662"]);
  });
});
