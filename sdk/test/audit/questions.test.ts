import { expect } from "chai";
import { describe, it } from "mocha";
import type { Address } from "viem";
import { questionsOn } from "../../src/audit/questions.ts";
import { accountIn, emptyState, moneyIn } from "../../src/audit/state.ts";

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const CONTRACTS = { marketplace: at("11"), meters: at("22"), energy: at("33") };
const [EURO, LYING_TOKEN, HOLDER] = [at("44"), at("55"), at("66")];

describe("Questions to the chain at the end block", () => {
  it("ask whether money is there and can be withdrawn, in currencies that a microgrid trades in", () => {
    const state = emptyState();
    state.microgrids.set(1, {
      ...{ name: "Lindental", currency: EURO, slotSeconds: 900, reportingDeadline: 86_400 },
      ...{ latitudeTenths: 513, longitudeTenths: 95, dso: at("77"), mode: "Connected" as const },
      ...{ feedIn: 0n, networkFee: 0n, islandPriceCap: 0n, islandRation: 0, retail: 0n },
    });
    for (const currency of [EURO, LYING_TOKEN]) {
      accountIn(state, currency, HOLDER).balance = 5n;
      moneyIn(state, currency).accounts = 5n;
    }
    const asked = [...questionsOn(state, CONTRACTS, 0)].map(({ subject }) => subject);
    expect(asked).to.include.members([
      `account ${EURO} ${HOLDER}`,
      `withdrawal ${EURO} ${HOLDER}`,
      `escrow ${EURO}`,
      `account ${LYING_TOKEN} ${HOLDER}`,
    ]);
    expect(asked).not.to.include(`withdrawal ${LYING_TOKEN} ${HOLDER}`);
    expect(asked).not.to.include(`escrow ${LYING_TOKEN}`);
  });
});
