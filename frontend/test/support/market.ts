import { readOptions, report, settleCommunity, tieLineFor } from "@wattline/community/simulation";
import { blockOf, slotAt, slotStart, slotsIn } from "@wattline/sdk";
import type { Stack } from "./stack.ts";

/** The first local account of the second microgrid: after those of the first. */
const SECOND_FIRST_ACCOUNT = 12;
const BOND = 50_000n;
/** Homes in the second microgrid, each with solar panels. */
const SECOND_HOMES = 3;

/**
 * A market on a stack: offers of minted energy at several prices, bids, a second microgrid over a tie line, a
 * forward that was delivered in part, and offers of energy to come. Chain time advances by two hours.
 */
export async function seedMarket(stack: Stack) {
  const { community, trading, wattline, morning, series, CENT, chain } = stack;
  const [jane, neighbour, second, ...others] = community.households;
  if (jane === undefined || second === undefined || neighbour === undefined) {
    throw new Error("The microgrid has too few homes for a market.");
  }

  // Its meters report what they export from now on.
  const far = await settleSecondMicrogrid(stack);

  // A forward for the next block, which is delivered in part.
  const nextBlock = blockOf(morning.lastSlot + 1 + 7);
  const [firstSlot, lastSlot] = [nextBlock * 8, nextBlock * 8 + 7];
  const promised = new Map([[firstSlot + 1, 400n]]);
  const forward = await trading.sign(community, jane, "offer", {
    firstSlot,
    lastSlot,
    pricePerKwh: 14n * CENT,
    bondPerKwh: BOND,
  });
  const { logs } = await trading.reserve(community, neighbour, forward, promised);
  await chain.passTo(slotStart(lastSlot + 1, series.slotSeconds));
  await report(wattline, jane, new Map([[firstSlot + 1, 300n]]));
  const reserved = wattline.eventsIn(logs).find(({ eventName }) => eventName === "Reserved");
  if (reserved?.eventName !== "Reserved") throw new Error("Nothing was reserved.");
  await trading.release(neighbour, [{ position: reserved.args.position, blocks: 1n }]);

  const spot = await Promise.all([
    trading.sign(community, jane, "offer", { ...morning, pricePerKwh: 17n * CENT }),
    trading.sign(community, second, "offer", { ...morning, pricePerKwh: 15n * CENT }),
    ...others.map((who, index) =>
      trading.sign(community, who, "offer", { ...morning, pricePerKwh: BigInt(19 + index) * CENT }),
    ),
  ]);
  // Some energy is sold already.
  const [first] = spot;
  if (first === undefined) throw new Error("There is no offer.");
  const sold = new Map([4, 6, 8, 10].map((hour) => [morning.firstSlot + hour, 60n]));
  await trading.accept(community, neighbour, first, sold);

  const toCome = await Promise.all(
    [jane, second].map((who, index) =>
      trading.sign(community, who, "offer", {
        firstSlot: lastSlot + 3,
        lastSlot: lastSlot + 18,
        energyWh: 2_000n,
        pricePerKwh: BigInt(16 + 2 * index) * CENT,
        bondPerKwh: BOND,
      }),
    ),
  );
  const bids = await Promise.all(
    [21n, 18n, 16n].map((price, index) =>
      trading.sign(community, neighbour, "bid", {
        firstSlot: morning.firstSlot + 6 + index,
        lastSlot: morning.lastSlot - 4,
        energyWh: 300n,
        pricePerKwh: price * CENT,
      }),
    ),
  );

  const offers = await far.sell();
  return { jane, second, neighbour, spot, toCome, bids, far: { ...far, offers } };
}

/** Founds a second microgrid, with a tie line that loses 3 % and costs 2 cents per kWh. */
async function settleSecondMicrogrid({ wattline, community, trading, chain, CENT }: Stack) {
  const options = await readOptions(["--seed", "9", "--days", "1"]);
  if (options === "help") throw new Error("The options of the second microgrid ask for help.");
  const [planned] = options.communities;
  const roofs = planned.households.filter(({ capacityW }) => capacityW > 0).slice(0, SECOND_HOMES);
  const series = { ...planned, name: "Millbrook", households: roofs };
  const far = await settleCommunity(wattline, series, options.tariffs, 2, SECOND_FIRST_ACCOUNT);
  const line = tieLineFor(series.slotSeconds);
  await community.agreeTieLine(2, line);
  await far.agreeTieLine(1, line);
  const firstSlot = slotAt(await chain.chainTime(), series.slotSeconds) + 1;

  /** Reports what the roofs have exported since, and signs an offer of each. */
  async function sell() {
    const slots = { firstSlot, lastSlot: slotAt(await chain.chainTime(), series.slotSeconds) - 1 };
    const offers = [];
    for (const [index, who] of far.households.entries()) {
      const exportedWh = new Map(
        slotsIn(slots).map((slot) => [slot, who.series.exportedWh[slot - series.firstSlot] ?? 0n]),
      );
      await report(wattline, who, exportedWh);
      offers.push(
        await trading.sign(far, who, "offer", {
          ...slots,
          pricePerKwh: BigInt(13 + index) * CENT,
          crosses: true,
        }),
      );
    }
    return offers;
  }
  return { community: far, sell };
}
