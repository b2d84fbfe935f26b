import { expect } from "chai";
import { describe, it } from "mocha";
import { rollupCosts } from "../../src/study/rollups.ts";

/** Bytes that don't compress. */
const noise = (length: number): Uint8Array => {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
};

const PRICES = { l1Gwei: 2, blobGwei: 0.5, etherPrice: 2000 };
const transactions = [
  { act: "report", gasUsed: 60_000n, bytes: noise(500) },
  { act: "report", gasUsed: 40_000n, bytes: noise(500) },
  { act: "settle", gasUsed: 1_000_000n, bytes: noise(5_000) },
] as const;
const costsOf = (name: string) => {
  const costs = rollupCosts(transactions, { homes: 10, days: 1 }, PRICES);
  const found = costs.find(({ rollup }) => rollup.name === name);
  if (found === undefined) throw new Error(`${name} is missing.`);
  return found;
};

/** Equal but for what fractions lose. */
const same = (found: number | undefined, expected: number): void => {
  expect(found?.toFixed(6)).to.equal(expected.toFixed(6));
};

describe("What gas costs on rollups", () => {
  it("follows the OP Stack's formula, for bytes that don't compress", () => {
    const { acts, perHomeAndYear } = costsOf("OP Mainnet");
    // 500 bytes and FastLZ's most: 500 + 1 + 16; per byte 0.001368 × 16 × 2 + 0.810949 × 0.5 gwei.
    const perByte = 0.001368 * 32 + 0.810949 * 0.5;
    const [report, settle] = acts;
    same(report?.dataGwei, (0.8365 * 517 - 42.5856) * perByte);
    same(report?.executionGwei, 50_000 * 0.001);
    same(settle?.dataGwei, (0.8365 * 5_035 - 42.5856) * perByte);
    const gwei =
      2 * ((report?.executionGwei ?? 0) + (report?.dataGwei ?? 0)) +
      (settle?.executionGwei ?? 0) +
      (settle?.dataGwei ?? 0);
    same(perHomeAndYear, (gwei * 1e-9 * 2000 * 365) / 10);
  });

  it("counts at least 100 bytes on the OP Stack", () => {
    const tiny = [{ act: "report", gasUsed: 0n, bytes: noise(20) }] as const;
    const [op] = rollupCosts(tiny, { homes: 1, days: 1 }, PRICES);
    same(op?.acts[0]?.dataGwei, 100 * (0.001368 * 32 + 0.810949 * 0.5));
  });

  it("counts compressed bytes on Arbitrum", () => {
    const zeros = [{ act: "report", gasUsed: 0n, bytes: new Uint8Array(500) }] as const;
    const dataGwei = (of: Parameters<typeof rollupCosts>[0]) =>
      rollupCosts(of, { homes: 1, days: 1 }, PRICES).at(-1)?.acts[0]?.dataGwei ?? 0;
    expect(dataGwei(zeros)).to.be.lessThan(100 * PRICES.blobGwei);
    expect(dataGwei(transactions.slice(0, 1))).to.be.within(
      500 * PRICES.blobGwei,
      520 * PRICES.blobGwei,
    );
  });
});
