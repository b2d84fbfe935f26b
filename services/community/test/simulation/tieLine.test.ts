import { expect } from "chai";
import { describe, it } from "mocha";
import { matchByMerit } from "../../src/simulation/merit.ts";

describe("The simulated tie line", () => {
  const line = { lossBps: 300n, capacityWh: 100n, wheelingPerKwh: 0n };

  it("carries no more than its capacity, loses its share, and sends nothing that is lost whole", () => {
    const [match, ...rest] = matchByMerit([[500n]], [[500n]], [0], [0], line);
    expect(rest).to.deep.equal([]);
    // The loss is rounded down: 97 Wh arrive of 99 as of 100.
    expect(match).to.deep.include({ sentWh: [99n], arrivedWh: [97n] });
  });

  it("brings a buyer what it needs and not a Wh more", () => {
    for (let needed = 1n; needed < 98n; needed++) {
      const [match] = matchByMerit([[500n]], [[needed]], [0], [0], line);
      const sent = match?.sentWh[0] ?? 0n;
      expect(match?.arrivedWh).to.deep.equal([needed]);
      expect(sent - (sent * 300n) / 10_000n).to.equal(needed);
    }
  });
});
