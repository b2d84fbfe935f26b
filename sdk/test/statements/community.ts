/** A small community for tests of statements: people, signed imports, and a history made by hand. */
import { type Address, getAddress, type Hex, keccak256, toHex } from "viem";
import { deviceAddress, signAsDevice } from "../../src/deviceKeys.ts";
import { type Level, packReading, type Source } from "../../src/index.ts";
import {
  type Delivery,
  importDigest,
  type Retirement,
  type SignedImport,
  type StatementHistory,
} from "../../src/statements/index.ts";

export const [JANE, HANNA, BEN, DSO] = ["11", "22", "33", "99"].map((pair) =>
  getAddress(`0x${pair.repeat(20)}`),
) as [Address, Address, Address, Address];

const EURO = getAddress(`0x${"55".repeat(20)}`);
export const CHAIN = {
  chainId: 31337,
  contracts: {
    marketplace: getAddress(`0x${"a1".repeat(20)}`),
    microgrids: getAddress(`0x${"a4".repeat(20)}`),
    meters: getAddress(`0x${"a2".repeat(20)}`),
    energy: getAddress(`0x${"a3".repeat(20)}`),
  },
} as const;

/** A Monday at midnight UTC, the start of a block. */
export const START_SLOT = Date.UTC(2027, 5, 7) / 900_000;

const keyOf = (name: string): Hex => keccak256(toHex(`device of ${name}`));
export const HANNAS_METER = deviceAddress("secp256k1", keyOf("hanna"));
export const BENS_METER = deviceAddress("p256", keyOf("ben"));
const METERS = {
  hanna: { curve: "secp256k1", meter: HANNAS_METER },
  ben: { curve: "p256", meter: BENS_METER },
} as const;

/** What a device of Hanna's or Ben's signs for the slots of the day. */
export function importOf(
  name: keyof typeof METERS,
  importedWh: Readonly<Record<number, number>>,
  signer = name,
): SignedImport {
  const { meter } = METERS[name];
  const { firstBlock, words } = packReading(energy(importedWh));
  const unsigned = { meter, firstBlock, imported: [...words] };
  const signature = signAsDevice(
    METERS[signer].curve,
    keyOf(signer),
    importDigest(CHAIN, unsigned),
  );
  return { ...unsigned, signature };
}

/** Energy in slots of the day. */
export const energy = (wh: Readonly<Record<number, number>>): Map<number, bigint> =>
  new Map(Object.entries(wh).map(([slot, each]) => [START_SLOT + Number(slot), BigInt(each)]));

let places = 0;
const place = () => ({ transaction: keccak256(toHex(places++)), logIndex: places % 7 });

/** Energy that Jane sold to Hanna, unless told otherwise. */
export const delivery = (
  wh: Readonly<Record<number, number>>,
  overrides: Partial<Delivery> = {},
): Delivery => {
  const sentWh = overrides.sentWh ?? energy(wh);
  const sum = [...sentWh.values()].reduce((a, b) => a + b, 0n);
  return {
    ...place(),
    seller: JANE,
    buyer: HANNA,
    source: "Solar",
    from: 1,
    to: 1,
    sentWh,
    arrivedWh: energy(wh),
    costMillis: sum * 180_000n,
    chargeMillis: sum * 10_000n,
    isForward: false,
    isWithGrid: false,
    ...overrides,
  };
};

/** Energy that Hanna retired, unless told otherwise. */
export const retirement = (
  purpose: string,
  wh: Readonly<Record<number, number>>,
  overrides: Partial<Retirement> & { readonly source?: Source } = {},
): Retirement => ({
  ...place(),
  holder: HANNA,
  beneficiary: HANNA,
  microgrid: 1,
  source: "Solar",
  energyWh: energy(wh),
  purpose,
  ...overrides,
});

export const FEED_IN = 80_000n;
export const RETAIL = 320_000n;

export const LEVEL: Level = {
  pricePerKwh: 170_000n,
  feePerKwh: 10_000n,
  capPerKwh: 400_000n,
  feedInPerKwh: FEED_IN,
  retailPerKwh: RETAIL,
};

/** A history of one microgrid with the meters of Hanna and Ben. */
export const historyOf = (parts: Partial<StatementHistory> = {}): StatementHistory => ({
  ...CHAIN,
  microgrids: new Map([
    [
      1,
      {
        name: "Sunny Lane",
        currency: EURO,
        slotSeconds: 900,
        levelAt: () => LEVEL,
      },
    ],
  ]),
  meters: [
    { meter: HANNAS_METER, owner: HANNA, microgrid: 1, firstSlot: START_SLOT },
    { meter: BENS_METER, owner: BEN, microgrid: 1, firstSlot: START_SLOT, endSlot: START_SLOT + 8 },
    { meter: BENS_METER, owner: HANNA, microgrid: 1, firstSlot: START_SLOT + 8 },
  ],
  deliveries: [],
  retirements: [],
  movements: [],
  ...parts,
});

export const CURRENCY = EURO;
