import { copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type Hex, toHex } from "viem";
import { Outbox, type Sent } from "../src/sending/outbox.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000aa";
const [TODAY, TOMORROW] = ["2026-06-21", "2026-06-22"];
const DATA: Hex = `0x${"ab".repeat(10_000)}`;

const sent = (nonce: number, block: number | undefined): Sent => ({
  nonce,
  day: TODAY,
  attempts: [
    {
      hash: toHex(nonce),
      serialized: DATA,
      to: ACCOUNT,
      data: DATA,
      gas: 100n,
      maxFeePerGas: 3n,
      maxPriorityFeePerGas: 1n,
      sentMs: 0,
      purpose: "settle",
    },
  ],
  ...(block !== undefined && {
    mined: { hash: toHex(nonce), block, blockHash: "0x02", costWei: 7n, isSuccess: true },
  }),
});

describe("What an auctioneer has sent", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "wattline-outbox-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = () => new Outbox(folder, ACCOUNT, 31_337);
  const bytes = (): number =>
    readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);

  it("is kept only as what it has cost today once it is final, also over a restart", () => {
    const outbox = open();
    for (let nonce = 0; nonce < 20; nonce++) outbox.put(sent(nonce, nonce));
    outbox.put(sent(20, 100));
    outbox.put(sent(21, undefined));
    const committed = 21n * 7n + 300n;
    expect(outbox.committedWei(TODAY)).to.equal(committed);

    const before = bytes();
    outbox.tidy(150, TODAY);
    expect(bytes() * 5 < before).to.equal(true);
    expect(outbox.sent.map(({ nonce }) => nonce)).to.deep.equal([20, 21]);
    expect(outbox.committedWei(TODAY)).to.equal(committed);
    expect(open().committedWei(TODAY)).to.equal(committed);

    outbox.tidy(300, TODAY);
    expect(outbox.sent.map(({ nonce }) => nonce)).to.deep.equal([21]);
    expect(outbox.committedWei(TODAY)).to.equal(committed);
  });

  it("is written down nonce by nonce: what is there already is not written again", () => {
    const outbox = open();
    outbox.put(sent(0, 0));
    const [file = ""] = readdirSync(folder);
    rmSync(path.join(folder, file));
    outbox.put(sent(1, undefined));
    expect(readdirSync(folder)).to.have.length(1).and.not.include(file);
  });

  it("is counted once when a crash comes between what it has cost and its end", () => {
    const outbox = open();
    outbox.put(sent(0, 0));
    const [file = ""] = readdirSync(folder);
    const copy = path.join(folder, "copy");
    copyFileSync(path.join(folder, file), copy);
    outbox.tidy(500, TODAY);
    renameSync(copy, path.join(folder, file));
    const again = open();
    expect(again.committedWei(TODAY)).to.equal(7n);
    expect(again.sent).to.deep.equal([]);
    expect(readdirSync(folder)).to.not.include(file);
  });

  it("counts on the budget of its own day only; what waits counts on every day's", () => {
    const outbox = open();
    outbox.put(sent(0, 0));
    outbox.put(sent(1, undefined));
    outbox.tidy(500, TODAY);
    expect(outbox.committedWei(TOMORROW)).to.equal(300n);
    outbox.put(sent(1, 400));
    outbox.tidy(600, TOMORROW);
    expect(outbox.committedWei(TOMORROW)).to.equal(0n);
  });
});
