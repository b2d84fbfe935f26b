import { createAudit, FIRST_FIRM_NONCE, packReading, questionsOn } from "@wattline/sdk";
import { expect } from "chai";
import type { Hex } from "viem";
import { answerIn, blocksOf, contractsOf } from "../support/chainReader.ts";
import { type MANDATE_TYPES, signMandate } from "../support/mandates.ts";
import { afterADay, scene } from "../support/neighbours.ts";
import { secureElement } from "../support/p256.ts";
import { DAY, type Person, START, slots, type World } from "../support/world.ts";

const P = 200_000n;
const DEADLINE = START + 10 * DAY;

describe("the audit", () => {
  const get = scene(() => afterADay([{ price: P }]));

  async function auditOf(world: World, forge: (input: Hex) => Hex = (input) => input) {
    const contracts = await contractsOf(world);
    const chain = (await blocksOf(world, contracts)).map((block) => ({
      ...block,
      transactions: block.transactions.map((each) => ({ ...each, input: forge(each.input) })),
    }));
    const isAccepted = async () => false;
    const audit = createAudit({ chainId: world.chainId, contracts, isAccepted });
    await audit.blocks(chain);
    const now = (await world.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
    for (const question of questionsOn(audit.state, contracts, now)) {
      const fault = question.judge(await answerIn(world, question));
      expect(fault, question.subject).to.equal(undefined);
    }
    // The neighbours' meters export at any hour.
    return audit.tally.findings().filter(({ check }) => check !== "sun");
  }

  const sign = (
    world: World,
    by: Person,
    type: keyof typeof MANDATE_TYPES,
    message: Readonly<Record<string, unknown>>,
    nonce: bigint,
  ) => signMandate(world, by, type, { ...message, nonce, deadline: DEADLINE });

  it("knows what households did by signature, and what they did not sign", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const currency = world.addresses.euro;
    const market = world.marketplace.connect(stranger.signer);
    const [holder, maker] = [joe.owner.address, joe.owner.address];
    const until = START + 5 * DAY;
    const signed = (
      type: keyof typeof MANDATE_TYPES,
      message: Readonly<Record<string, unknown>>,
      nonce: bigint,
    ) => sign(world, joe.owner, type, message, nonce);
    const withdrawal = { holder, currency, amount: 1_000n, to: stranger.address };
    const first = await signed("Withdrawal", withdrawal, 0n);
    await market.withdrawFor(holder, currency, 1_000n, stranger.address, DEADLINE, first);
    // Cancelling nothing leaves no event.
    const none = await signed("Cancellation", { maker, nonces: [] }, 1n);
    await market.cancelFor(maker, [], DEADLINE, none);
    const nonces = [77n, 78n];
    const second = await signed("Cancellation", { maker, nonces }, 2n);
    await market.cancelFor(maker, nonces, DEADLINE, second);
    const settler = ann.owner.address;
    const lock = { holder, currency, settler, signer: jane.owner.address, until };
    const third = await signed("Locking", lock, 3n);
    await market.lockFor(holder, currency, settler, lock.signer, until, DEADLINE, third);
    const delegate = stranger.address;
    const allowance = { maker, currency, delegate, amount: 5n, until };
    const fourth = await signed("Authorization", allowance, 4n);
    await market.authorizeFor(maker, currency, delegate, 5n, until, DEADLINE, fourth);
    expect(await auditOf(world)).to.deep.equal([]);

    const forged = await auditOf(world, (input) =>
      input.includes(third.slice(2))
        ? (input.replace(third.slice(2, 34), "1".repeat(32)) as Hex)
        : input,
    );
    expect(forged.map(({ check, code }) => [check, code])).to.deep.equal([
      ["mandates", "mandate-not-signed"],
    ]);
  });

  it("knows firm orders: by the lock's signer, for its settler alone", async () => {
    const { world, jane, joe, ann, stranger } = get();
    const currency = world.addresses.euro;
    const until = START + 5 * DAY;
    await world.marketplace
      .connect(joe.owner.signer)
      .lock(currency, ann.owner.address, stranger.address, until);
    const firm = world.order(joe, {
      ...{ side: 1, price: 300_000n, settler: ann.owner.address, deadline: until },
      ...{ nonce: FIRST_FIRM_NONCE + 9n, counter: 0n, energy: 60 },
    });
    const bid = await world.sign(firm, stranger);
    const energyWh = slots(0, 1, 40n);
    for (const by of [stranger, ann.owner, ann.owner]) {
      const offer = await world.limitOffer(jane, 0n);
      await world.settle(by, [{ offer, bid, energyWh }]);
    }
    expect(await world.whOf(joe.owner, 0, 2)).to.equal(60n);
    expect(await auditOf(world)).to.deep.equal([]);
  });

  it("knows the signatures of secure elements", async () => {
    const { world, jane, microgrid, stranger } = get();
    const device = secureElement("audited");
    const registration = {
      ...{ microgrid, owner: jane.owner.address, meter: device.address, source: 1 },
      ...{ capacityW: 4_000, critical: false },
    };
    const consent = device.sign(await world.meters.hashRegistration(registration));
    await world.meters.connect(world.operator.signer).register(registration, consent);
    await world.passTo(START + 2 * DAY);
    const { firstBlock, words } = packReading(slots(104, 8, 20n));
    const reading = { meter: device.address, firstBlock, exported: [...words] };
    const signature = device.sign(await world.meters.hashReading(reading));
    await world.meters.connect(stranger.signer).report(reading, signature);
    expect(await auditOf(world)).to.deep.equal([]);
    const forged = await auditOf(
      world,
      (input) => input.replace(signature.slice(2, 34), "1".repeat(32)) as Hex,
    );
    expect(forged.map(({ check }) => check)).to.deep.equal(["reading-signature"]);
  });

  it("knows who was promised first, whatever the order of releases", async () => {
    const { world, microgrid, jane, joe, ann } = get();
    const offer = await world.offer(jane, { forward: true, bond: 7_001n });
    const promised = slots(104, 1, 300n);
    const positions = [];
    for (const { owner } of [joe, ann]) {
      const sent = await world.reserve(owner, offer, promised, { microgrid });
      positions.push(...(await world.positionsOf(sent)));
    }
    await world.passSlots(106);
    await world.report(jane, slots(104, 1, 400n));
    for (const position of positions.toReversed()) {
      await world.marketplace.connect(ann.owner.signer).release([{ position, blocks: 1n }]);
    }
    expect(await world.whOf(ann.owner, 104, microgrid)).to.equal(100n);
    expect(await auditOf(world)).to.deep.equal([]);
  });

  it("knows what is left of a ration", async () => {
    const { world, microgrid, jane, joe } = get();
    await world.microgrids.connect(world.operator.signer).setIslanded(microgrid, true);
    await world.passSlots(99);
    await world.report(jane, slots(97, 1, 900n));
    const offer = await world.offer(jane);
    const meter = joe.device.address;
    for (const wh of [200n, 200n]) {
      await world.accept(joe.owner, offer, slots(97, 1, wh), { microgrid, meter });
    }
    expect(await world.whOf(joe.owner, 97, microgrid)).to.equal(250n);
    expect(await auditOf(world)).to.deep.equal([]);
  });

  it("halves the charges of a batch together, as the contracts do", async () => {
    const { world, microgrid, jane, joe, stranger } = get();
    const far = await world.found([{ price: 2n * P }], { dsoOf: stranger.address });
    await world.join(microgrid, far, { wheelingUp: 1n });
    const abroad = await world.meter(joe.owner, { microgrid: far });
    const offer = await world.limitOffer(jane, 0n, { crosses: true });
    const bid = await world.limitBid(abroad, 3n * P, { crosses: true });
    const energyWh = slots(0, 1, 1n);
    await world.settle(
      stranger,
      Array.from({ length: 3 }, () => ({ offer, bid, energyWh })),
    );
    expect(await world.moneyOf(stranger)).to.equal(2n);
    expect(await auditOf(world)).to.deep.equal([]);
  });
});
