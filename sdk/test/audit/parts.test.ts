import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Hex, hashTypedData, keccak256, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  createAudit,
  freeze,
  hashReading,
  isSignedByNamed,
  recoverSlowly,
  solarMostWh,
  TWILIGHT_DEGREES,
  thaw,
} from "../../src/audit/index.ts";
import { deviceAddress, signAsDevice } from "../../src/deviceKeys.ts";
import { laneOf } from "../../src/profile.ts";
import { sunPosition } from "../../src/sun.ts";
import { marketDomain, metersDomain, READING_TYPES } from "../../src/typedData.ts";
import {
  addWords,
  atLeast,
  fillLanes,
  laneWord,
  minWords,
  subtractWords,
} from "../../src/words.ts";

const MARKET = "0x1111111111111111111111111111111111111111";
const METERS = "0x2222222222222222222222222222222222222222";
const MICROGRIDS = "0x4444444444444444444444444444444444444444";
const ENERGY = "0x3333333333333333333333333333333333333333";
const domains = { market: marketDomain(31_337, MARKET), meters: metersDomain(31_337, METERS) };

const lanes = fc.array(fc.bigInt({ min: 0n, max: 2n ** 31n - 1n }), {
  minLength: 8,
  maxLength: 8,
});
const wordOf = (values: readonly bigint[]): bigint =>
  values.reduce((word, wh, lane) => word | laneWord(lane, wh), 0n);
const lanesOf = (word: bigint): bigint[] => Array.from({ length: 8 }, (_, i) => laneOf(word, i));

describe("Words of eight lanes", () => {
  it("are added, taken off and compared lane by lane", () => {
    fc.assert(
      fc.property(lanes, lanes, (a, b) => {
        const [one, other] = [wordOf(a), wordOf(b)];
        const pair = a.map((wh, lane) => [wh, b[lane] ?? 0n] as const);
        const fits = pair.every(([x, y]) => x + y < 2n ** 31n);
        if (fits) expect(lanesOf(addWords(one, other))).to.deep.equal(pair.map(([x, y]) => x + y));
        else expect(() => addWords(one, other)).to.throw(RangeError);
        if (pair.every(([x, y]) => x >= y)) {
          expect(lanesOf(subtractWords(one, other))).to.deep.equal(pair.map(([x, y]) => x - y));
        } else expect(() => subtractWords(one, other)).to.throw(RangeError);
        expect(lanesOf(minWords(one, other))).to.deep.equal(pair.map(([x, y]) => (x < y ? x : y)));
        expect(lanesOf(one & fillLanes(atLeast(one, other)))).to.deep.equal(
          pair.map(([x, y]) => (x >= y ? x : 0n)),
        );
      }),
    );
  });
});

describe("A frozen value", () => {
  it("thaws to what it was", () => {
    const value = {
      amount: -12n,
      words: new Map([[1, new Map([["a b", 2n ** 255n]])]]),
      name: "n:12",
      other: "s:n:12",
      list: [1, true, "text"],
    };
    expect(thaw(freeze(value))).to.deep.equal(value);
  });
});

describe("A reading's signature", () => {
  const device = privateKeyToAccount(keccak256(toHex("device")));
  const reading = { meter: device.address, firstBlock: 7, exported: [5n, 2n ** 255n] };
  const typed = {
    domain: domains.meters,
    types: READING_TYPES,
    primaryType: "Reading" as const,
    message: reading,
  };

  it("is over what a wallet would sign", () => {
    expect(hashReading(domains.meters, reading)).to.equal(hashTypedData(typed));
  });

  it("is the device's, whole or compact, or it is not", async () => {
    const signature = await device.signTypedData(typed);
    const claim = { kind: "reading" as const, reading, signature };
    expect(await isSignedByNamed(domains, claim, recoverSlowly)).to.equal(true);
    const other = { ...claim, reading: { ...reading, firstBlock: 8 } };
    expect(await isSignedByNamed(domains, other, recoverSlowly)).to.equal(false);
    for (const broken of ["0x", `${signature}00`, `0x${"00".repeat(65)}`] as Hex[]) {
      const bad = { ...claim, signature: broken };
      expect(await isSignedByNamed(domains, bad, recoverSlowly)).to.equal(false);
    }
  });

  it("may be made by a secure element", async () => {
    const key = keccak256(toHex("secure element"));
    const meter = deviceAddress("p256", key);
    const its = { ...reading, meter };
    const signature = signAsDevice("p256", key, hashReading(domains.meters, its));
    const claim = { kind: "reading" as const, reading: its, signature };
    expect(await isSignedByNamed(domains, claim, recoverSlowly)).to.equal(true);
    const other = { ...claim, reading: { ...its, firstBlock: 8 } };
    expect(await isSignedByNamed(domains, other, recoverSlowly)).to.equal(false);
    const another = { ...claim, reading: { ...its, meter: device.address } };
    expect(await isSignedByNamed(domains, another, recoverSlowly)).to.equal(false);
  });

  it("is none with a high s, which the contracts refuse", async () => {
    const signature = await device.signTypedData(typed);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = order - BigInt(`0x${signature.slice(66, 130)}`);
    const v = signature.endsWith("1b") ? "1c" : "1b";
    const flipped: Hex = `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, "0")}${v}`;
    const claim = { kind: "reading" as const, reading, signature: flipped };
    expect(await isSignedByNamed(domains, claim, recoverSlowly)).to.equal(false);
  });
});

describe("The most that the sun can produce", () => {
  const town = { slotSeconds: 900, latitudeTenths: 513, longitudeTenths: 95 };
  const slotAt = (time: string) => Math.floor(Date.parse(time) / 1000 / 900);

  it("is nothing at midnight and the full capacity at noon in June", () => {
    expect(solarMostWh(town, 5_000, slotAt("2026-06-21T23:30:00Z"))).to.equal(0n);
    expect(solarMostWh(town, 5_000, slotAt("2026-06-21T11:30:00Z"))).to.equal(1_250n);
  });

  it("is a part of it on a winter morning, and nothing after twilight", () => {
    const dawn = slotAt("2026-12-21T07:45:00Z");
    const most = solarMostWh(town, 5_000, dawn);
    expect(most > 0n && most < 1_250n).to.equal(true);
    const place = { latitudeDegrees: 51.3, longitudeDegrees: 9.5 };
    for (let slot = slotAt("2026-12-21T00:00:00Z"); slot < dawn; slot++) {
      const end = sunPosition(place, (slot + 1) * 900);
      if (end.elevationDegrees < -TWILIGHT_DEGREES) {
        expect(solarMostWh(town, 5_000, slot)).to.equal(0n);
      }
    }
  });
});

describe("An audit", () => {
  const contracts = {
    marketplace: MARKET,
    microgrids: MICROGRIDS,
    meters: METERS,
    energy: ENERGY,
  } as const;

  it("resumes from a frozen state", async () => {
    const audit = createAudit({ chainId: 1, contracts });
    const [hash, from] = [keccak256("0x01"), MARKET] as const;
    const log = { address: ENERGY, topics: [keccak256("0x02")], data: "0x", logIndex: 0 } as const;
    const transaction = { hash, from, to: METERS, input: "0x", logs: [log] } as const;
    await audit.blocks([{ number: 1, timestamp: 1, hash, transactions: [transaction] }]);
    const values = { meter: METERS, exportedWh: 5n, time: "midnight" };
    const told = { check: "sun", block: 1, transaction: hash } as const;
    audit.tally.found({ ...told, code: "sun-at-night", values });
    const [dark] = audit.tally.findings();
    const message = `${METERS} reported 5 Wh of solar energy at night, midnight.`;
    expect(dark).to.deep.include({ message, values: { ...values, exportedWh: "5" } });

    const again = createAudit({ chainId: 1, contracts }, audit.freeze());
    expect(again.verdicts()).to.deep.equal(audit.verdicts());
    expect(again.tally.findings()).to.have.length(1);
  });
});
