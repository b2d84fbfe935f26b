import { expect } from "chai";
import { describe, it } from "mocha";
import { type Address, encodeFunctionData, numberToHex } from "viem";
import { marketplaceAbi } from "../../src/abi/marketplace.ts";
import { questionsOn } from "../../src/audit/questions/index.ts";
import { accountIn, emptyState, fillIn, fillsKey, moneyIn } from "../../src/audit/state.ts";
import type { Microgrid } from "../../src/microgrid.ts";

const at = (byte: string): Address => `0x${byte.repeat(20)}`;
const CONTRACTS = {
  marketplace: at("11"),
  microgrids: at("12"),
  meters: at("22"),
  energy: at("33"),
};
const [EURO, LYING_TOKEN, HOLDER] = [at("44"), at("55"), at("66")];

describe("Questions to the chain at the end block", () => {
  it("ask whether money is there and can be withdrawn, in currencies that a microgrid trades in", () => {
    const state = emptyState();
    state.communities.microgrids.set(1, {
      ...{ microgrid: 1, name: "Lindental", currency: EURO, slotSeconds: 900 },
      ...{ latitudeTenths: 513, longitudeTenths: 95, utcOffsetMinutes: 60 },
      ...{ reportingDeadlineSeconds: 86_400, operator: at("78"), successor: undefined },
      ...{ dso: at("77"), schedules: [], islands: [], declared: [], rations: [] },
      closedFrom: undefined,
    });
    for (const currency of [EURO, LYING_TOKEN]) {
      accountIn(state, currency, HOLDER).balanceMillis = 5_001n;
      moneyIn(state, currency).accountsMillis = 5_001n;
    }
    // Less than a base unit can't be withdrawn.
    accountIn(state, EURO, at("88")).balanceMillis = 999n;
    const asked = [...questionsOn(state, CONTRACTS, 0)].map(({ subject }) => subject);
    expect(asked).to.include.members([
      `account ${EURO} ${HOLDER}`,
      `withdrawal ${EURO} ${HOLDER}`,
      `escrow ${EURO}`,
      `account ${LYING_TOKEN} ${HOLDER}`,
    ]);
    expect(asked).not.to.include(`withdrawal ${EURO} ${at("88")}`);
    expect(asked).not.to.include(`withdrawal ${LYING_TOKEN} ${HOLDER}`);
    expect(asked).not.to.include(`escrow ${LYING_TOKEN}`);
  });

  it("hold the escrow against what it owes, to the thousandth", () => {
    const state = emptyState();
    state.communities.microgrids.set(1, { currency: EURO } as Microgrid);
    Object.assign(moneyIn(state, EURO), { accountsMillis: 4_001n, lockedMillis: 1_000n });
    const escrow = [...questionsOn(state, CONTRACTS, 0)].find(({ check }) => check === "escrow");
    const answer = (held: bigint) => escrow?.judge(numberToHex(held, { size: 32 }));
    expect(answer(5n)).to.include({ code: "escrow-short" });
    expect(answer(6n)).to.equal(undefined);
  });

  it("ask for a firm order's fill by currency and settler", () => {
    const state = emptyState();
    const [settler, nonce] = [at("99"), 2n ** 63n + 1n];
    const key = { maker: HOLDER, currency: EURO, settler, nonce };
    state.fills.set(fillsKey(key), new Map([[(nonce / 8n).toString(), 7n << 32n]]));
    expect(fillIn(state, key)).to.deep.equal({ filledWh: 7n, cancelled: false });
    const [fill] = questionsOn(state, CONTRACTS, 0);
    expect(fill?.data).to.equal(
      encodeFunctionData({
        abi: marketplaceAbi,
        functionName: "firmFillOf",
        args: [HOLDER, EURO, settler, nonce],
      }),
    );
    expect(fill?.judge(numberToHex(7n, { size: 32 }))).to.equal(undefined);
    expect(fill?.judge(numberToHex(8n, { size: 32 }))).to.include({ code: "fill-differs" });
  });
});
