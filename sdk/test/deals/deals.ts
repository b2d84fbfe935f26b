import type { Community, Deal, Party } from "../../src/deals/index.ts";

export const SLOT_SECONDS = 900;
/** A Monday at midnight UTC. */
export const START = Date.UTC(2027, 5, 7) / 1000;
export const FIRST = START / SLOT_SECONDS;

export const PRICES = {
  pricePerKwh: 200_000n,
  feePerKwh: 10_000n,
  capPerKwh: 150_000n,
  feedInPerKwh: 80_000n,
  retailPerKwh: 320_000n,
};

/** A community with one level around the clock, unless told otherwise. */
export const community = (over: Partial<Community> = {}): Community => ({
  slotSeconds: SLOT_SECONDS,
  utcOffsetMinutes: 0,
  schedule: { firstSlot: 0, endSlot: 2 ** 32 - 1, levelOfHour: 0n, levels: [PRICES] },
  closedFrom: undefined,
  isIslanded: () => false,
  ...over,
});

export const party = (
  kind: Party["kind"],
  pricePerKwh: bigint,
  over: Partial<Party> = {},
): Party => ({
  kind,
  pricePerKwh,
  firstSlot: FIRST,
  lastSlot: FIRST + 95,
  leftWh: 1_000_000n,
  crosses: true,
  ...over,
});

export const taker = party("taker", 0n, { leftWh: undefined });

/** A spot deal at home a day later, of 1 kWh in the first slot, unless told otherwise. */
export const deal = (offer: Party, bid: Party, over: Partial<Deal> = {}): Deal => {
  const home = community();
  return {
    offer,
    bid,
    isForward: false,
    energyWh: new Map([[FIRST, 1_000n]]),
    from: home,
    to: home,
    rationLeftWh: () => 0n,
    nowS: START + 86_400,
    ...over,
  };
};

/** Wh in the slots from the first on. */
export const inSlots = (...wh: bigint[]): Map<number, bigint> =>
  new Map(wh.map((each, i) => [FIRST + i, each]));
