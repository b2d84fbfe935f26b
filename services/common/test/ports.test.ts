import { PORTS } from "@wattline/common/ports";
import { expect } from "chai";

/** The lowest port that Linux gives to an outgoing connection; other systems begin at 49152. */
const FIRST_GIVEN = 32_768;

describe("Ports", () => {
  it("are none that a system gives away to connections", () => {
    for (const [part, port] of Object.entries(PORTS)) expect(port, part).to.be.below(FIRST_GIVEN);
  });

  it("are one for each part", () => {
    expect(new Set(Object.values(PORTS)).size).to.equal(Object.keys(PORTS).length);
  });
});
