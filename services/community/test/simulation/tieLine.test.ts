import { expect } from "chai";
import { describe, it } from "mocha";
import { matchByMerit } from "../../src/simulation/merit.ts";

describe("The simulated tie line", () => {
  const line = { lossBps: 300n, capacityWh: 100n, wheelingPerKwh: 0n };

  it("carries no more than its capacity, loses its share, and sends nothing that is lost whole", () => {
    const [match, ...rest] = matchByMerit([[500n]], [[500n]], [0], [0], line);
    expect(rest).to.deep.equal([]);
    // The loss is rounded up: of 99 Wh 96 would arrive.
    expect(match).to.deep.include({ sentWh: [100n], arrivedWh: [97n] });
  });

  it("brings a buyer what it needs and not a Wh more", () => {
    for (let needed = 1n; needed < 98n; needed++) {
      const [match] = matchByMerit([[500n]], [[needed]], [0], [0], line);
      const sent = match?.sentWh[0] ?? 0n;
      expect(match?.arrivedWh).to.deep.equal([needed]);
      expect(sent - (sent * 300n + 9_999n) / 10_000n).to.equal(needed);
    }
  });

  it("loses of all parts together what it would lose of the whole, but of forwards each its own", () => {
    const parts = Array.from({ length: 20 }, () => [3n]);
    const queue = parts.map((_, index) => index);
    const sumOf = (matches: ReturnType<typeof matchByMerit>) =>
      matches.reduce((sum, { sentWh: [wh = 0n] }) => sum + wh, 0n);
    expect(sumOf(matchByMerit([[500n]], parts, [0], queue, line))).to.equal(62n);
    expect(sumOf(matchByMerit([[500n]], parts, [0], queue, line, true))).to.equal(80n);
  });
});
