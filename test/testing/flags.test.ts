import { readFlags } from "@wattline/common/flags";
import { expect } from "chai";
import { describe, it } from "mocha";

class Refusal extends Error {}
const FLAGS = { days: { type: "string" }, check: { type: "boolean" } } as const;
const read = (...argv: string[]) => readFlags(argv, FLAGS, Refusal);

describe("The flags of a command line", () => {
  it("are read, and so is a request for help", () => {
    expect({ ...read("--days", "3", "--check") }).to.deep.equal({ days: "3", check: true });
    expect({ ...read("--days=3", "--help") }).to.deep.equal({ days: "3", help: true });
    expect({ ...read("-h") }).to.deep.equal({ help: true });
  });

  it("are refused by name in one sentence, and the next says what to do", () => {
    for (const [argv, words] of [
      [["--dyas", "3"], "Unknown option '--dyas'. See --help."],
      [["--days"], "Option '--days <value>' argument missing. See --help."],
      [["--check=yes"], "Option '--check' does not take an argument. See --help."],
      [
        ["3"],
        "Unexpected argument '3'. This command does not take positional arguments. See --help.",
      ],
    ] as const) {
      expect(() => read(...argv))
        .to.throw(Refusal)
        .with.property("message", words);
    }
  });
});
