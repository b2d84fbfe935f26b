import { marketplaceAbi } from "@wattline/sdk";
import { expect } from "chai";
import { describe, it } from "mocha";
import { encodeErrorResult } from "viem";
import { FailureLog } from "../../src/live/index.ts";

const fail = (error: unknown) => () => Promise.reject(error);
const succeed = () => Promise.resolve();

describe("The log of failures", () => {
  const opened = () => {
    const said: string[] = [];
    return { said, log: new FailureLog((text) => said.push(text), new AbortController().signal) };
  };

  it("reports a failure once, and when it is over", async () => {
    const { said, log } = opened();
    for (const work of [fail(new Error("no node")), fail(new Error("no node")), succeed, succeed]) {
      await log.attempt("buying", work);
    }
    expect(said).to.deep.equal(["buying fails: no node", "buying works again"]);
  });

  it("names a contract's error that a node quotes in bytes", async () => {
    const { said, log } = opened();
    const data = encodeErrorResult({
      abi: marketplaceAbi,
      errorName: "Deals_NothingLeft",
      args: [21n, 34n, "0x12345678"],
    });
    const quoted = `execution reverted: custom error ${data.slice(0, 10)}: ${data.slice(10)}`;
    await log.attempt("buying", fail(new Error(quoted)));
    await log.attempt("bidding", fail(new Error("custom error 0x12345678: 00")));
    expect(said).to.deep.equal([
      "buying fails: execution reverted: Deals_NothingLeft(21, 34, 0x12345678)",
      "bidding fails: custom error 0x12345678: 00",
    ]);
  });
});
