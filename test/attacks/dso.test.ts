import { expect } from "chai";
import { afterADay, scene } from "../support/neighbours.ts";
import { slots } from "../support/world.ts";

const P = 200_000n;

describe("a DSO", () => {
  const get = scene(() => afterADay([{ price: P, fee: 5_000n }]));

  it("is paid the fee of every Wh, however small the fills are", async () => {
    const { world, jane, joe, stranger } = get();
    const offer = await world.limitOffer(jane, 0n);
    const bid = await world.limitBid(joe, 300_000n);
    for (let i = 0; i < 20; i++)
      await world.settle(stranger, [{ offer, bid, energyWh: slots(0, 1, 1n) }]);
    expect(await world.moneyOf(world.dso)).to.equal(20n * 5_000n);
  });

  it("is paid a fee of 5 base units by fills below 200 Wh, too", async () => {
    const { world, jane, joe } = get();
    const microgrid = await world.found([{ price: P, fee: 5n }]);
    const sells = await world.meter(jane.owner, { microgrid });
    await world.passSlots(110);
    await world.report(sells, slots(100, 1, 1_000n));
    const offer = await world.offer(sells, { lastSlot: 2 ** 32 - 1 });
    for (const wh of [1n, 199n, 200n]) {
      await world.accept(joe.owner, offer, slots(100, 1, wh), { microgrid });
    }
    expect(await world.moneyOf(world.dso)).to.equal(400n * 5n);
  });

  it("takes nothing beyond the schedule that holds for the slot, whatever was announced since", async () => {
    const { world, jane, joe, stranger } = get();
    const match = {
      offer: await world.limitOffer(jane, 80_000n),
      bid: await world.limitBid(joe, 300_000n),
      energyWh: slots(0, 1, 100n),
    };
    const dear = { price: P, fee: P, cap: P, feedIn: 0n, retail: 0n };
    const ahead = Math.floor((await world.networkHelpers.time.latest()) / 900) + 8 * 96;
    await world.microgrids.connect(world.operator.signer).schedule(2, ahead, 0, [dear]);
    expect(
      await world.skippedBy(world.settle(stranger, [{ ...match, schedule: 1 }])),
    ).to.deep.equal(["Deals_OutsideSlots"]);
    const [matched] = await world.eventsOf(world.settle(stranger, [match]), "Matched");
    expect([matched?.cost, matched?.charge]).to.deep.equal([100n * P, 100n * 5_000n]);
  });

  it("gets the fee of a batch that crosses and one that does not, each its own", async () => {
    const { world, jane, joe, stranger } = get();
    const other = await world.person();
    const far = await world.found([{ price: P }], { dsoOf: other.address });
    await world.join(2, far, { lossBps: 0, capacity: 1_000, wheelingUp: 7n, wheelingDown: 0n });
    const abroad = await world.meter(joe.owner, { microgrid: far });
    const offer = await world.limitOffer(jane, 0n, { crosses: true });
    const energyWh = slots(0, 1, 10n);
    await world.settle(stranger, [
      { offer, bid: await world.limitBid(joe, 300_000n), energyWh },
      {
        offer,
        bid: await world.limitBid(abroad, 300_000n, { crosses: true }),
        energyWh: slots(0, 1, 1n),
      },
      { offer, bid: await world.limitBid(joe, 300_000n), energyWh },
    ]);
    expect(await world.moneyOf(world.dso)).to.equal(20n * 5_000n + 3n);
    expect(await world.moneyOf(other)).to.equal(4n);
  });
});
