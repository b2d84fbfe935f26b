import { Readable } from "node:stream";
import {
  hashReading,
  IMPORT_READING_TYPES,
  laneOf,
  localDayOf,
  localTimeOf,
  metersDomain,
  slotsOfDay,
  sumWh,
} from "@wattline/sdk";
import { isSignedByDevice } from "@wattline/sdk/deviceKeys";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { hashTypedData } from "viem";
import { bytesOf, version5 } from "../../../sdk/test/meterData/p1/samples.ts";
import { readSettings } from "../src/config/read.ts";
import { exportJournal } from "../src/export.ts";
import { type Home, journalFolder, openHome } from "../src/home.ts";
import type { BlockEntry } from "../src/journal/entries.ts";
import { samplesOfP1 } from "../src/sources/p1.ts";
import { Household, keyIn } from "./support/folder.ts";

const METERS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const DOMAIN = metersDomain(31_337, METERS);
const QUARTER = 900_000;
const AMSTERDAM = "Europe/Amsterdam";
/** Midnight UTC, the start of a block. */
const MIDNIGHT = Date.UTC(2027, 5, 7);

let household: Household;
let now: number;
let homes: Home[];
beforeEach(() => {
  household = new Household();
  household.deployment({ chainId: 31_337, meters: METERS });
  now = MIDNIGHT + 86_400_000;
  homes = [];
});
afterEach(async () => {
  for (const home of homes) await home.close();
  household.remove();
});

const toml = (more = "", meters = ["grid"]): string => `
data = "data"
[chain]
deployment = "deployment.json"
[report]
by = "file"
[[homes]]
name = "Jane"
microgrid = 1
device = ${keyIn("device")}
${meters.map((name) => `[[homes.meters]]\nname = "${name}"\ntype = "replay"\npath = "x"\n`).join("")}
${more}
`;

function open(text = toml()): Home {
  const settings = readSettings(household.configure(text));
  const [config] = settings.config.homes;
  if (config === undefined) throw new Error("There is a home.");
  const home = openHome(
    settings,
    config,
    () => {},
    () => now,
  );
  homes.push(home);
  return home;
}

const registers = (slot: number, importWh: number, exportWh: number, start = MIDNIGHT) => ({
  kind: "registers" as const,
  unixMs: start + slot * QUARTER,
  importWh: BigInt(importWh),
  exportWh: BigInt(exportWh),
});

const blocksOf = ({ journal }: Home, direction: BlockEntry["direction"]) =>
  [...journal.book.blocks.values()].filter((block) => block.direction === direction);

describe("A home", () => {
  it("signs export and import of every block that is complete, on either curve", async () => {
    for (const curve of ["secp256k1", "p256"] as const) {
      household.remove();
      household = new Household();
      household.deployment({ chainId: 31_337, meters: METERS });
      await household.key("device", curve);
      const home = open();
      for (let slot = 0; slot <= 9; slot++)
        home.take("grid", registers(slot, slot * 10, slot * 100));
      await home.settled();
      const [exported] = blocksOf(home, "export");
      const [imported] = blocksOf(home, "import");
      if (exported === undefined || imported === undefined) throw new Error("Both are there.");
      expect(sumWh([exported.word])).to.equal(800n);
      expect(sumWh([imported.word])).to.equal(80n);
      const { device: meter, block: firstBlock } = exported;
      const digests = [
        hashReading(DOMAIN, { meter, firstBlock, exported: [exported.word] }),
        hashTypedData({
          domain: { ...DOMAIN },
          types: IMPORT_READING_TYPES,
          primaryType: "ImportReading",
          message: { meter, firstBlock, imported: [imported.word] },
        }),
      ] as const;
      expect(await isSignedByDevice(meter, digests[0], exported.signature)).to.equal(true);
      expect(await isSignedByDevice(meter, digests[1], imported.signature)).to.equal(true);
      expect(await isSignedByDevice(meter, digests[0], imported.signature)).to.equal(false);
    }
  });

  it("goes on after a restart where it stopped, to the Wh", async () => {
    await household.key("device");
    const first = open();
    first.take("grid", registers(0, 0, 0));
    first.take("grid", registers(1, 10, 100));
    first.take("grid", registers(1.5, 15, 150));
    await first.close();
    homes = [];
    const again = open();
    again.take("grid", registers(2.5, 26, 251));
    again.take("grid", registers(8, 80, 800));
    await again.settled();
    expect(blocksOf(again, "export").map(({ word }) => sumWh([word]))).to.deep.equal([800n]);
    const [, second] = again.slots();
    expect(second).to.include({ exportWh: 100n, quality: "measured" });
  });

  it("with several meters adds them up, and waits for the last of them", async () => {
    await household.key("device");
    const home = open(toml("", ["a", "b"]));
    for (let slot = 0; slot <= 8; slot++) home.take("a", registers(slot, slot * 10, slot * 100));
    await home.settled();
    expect(blocksOf(home, "export")).to.deep.equal([]);
    home.take("b", registers(0, 5, 5));
    home.take("b", registers(8, 13, 21));
    await home.settled();
    expect(blocksOf(home, "export").map(({ word }) => sumWh([word]))).to.deep.equal([816n]);
    expect(home.slots()[0]).to.include({ importWh: 11n, exportWh: 102n, quality: "estimated" });
  });

  it("with a battery reports as solar only what the sun can have made", async () => {
    await household.key("device");
    await household.key("battery");
    const battery = `[homes.battery]\nlatitude = 48.4\nlongitude = 10.0\npanels_w = 4000\ndevice = ${keyIn("battery")}`;
    const home = open(toml(battery));
    // Two kilowatts from midnight on, for a day; the connection carries more than the panels make.
    for (let slot = 0; slot <= 96; slot++) home.take("grid", registers(slot, 0, slot * 500));
    await home.settled();
    const energyOf = (device: string) =>
      blocksOf(home, "export")
        .filter((block) => block.device === device)
        .map(({ word }) => sumWh([word]));
    const solar = energyOf(home.device.address);
    const storage = energyOf(home.storage?.address ?? "");
    expect(solar).to.have.length(12);
    for (const [i, wh] of solar.entries()) expect(wh + (storage[i] ?? 0n)).to.equal(4_000n);
    expect([solar[0], storage[0]]).to.deep.equal([0n, 4_000n]);
    expect([solar[5], storage[5]]).to.deep.equal([4_000n, 0n]);
  });

  it("leaves out of its readings what it can't know, and says so in what it exports", async () => {
    await household.key("device");
    const home = open();
    // Reading begins in the middle of the second slot.
    home.take("grid", registers(1.5, 0, 0));
    for (let slot = 2; slot <= 8; slot++) home.take("grid", registers(slot, 0, slot * 100));
    await home.settled();
    const [block] = blocksOf(home, "export");
    if (block === undefined) throw new Error("It is there.");
    const covered = Array.from({ length: 8 }, (_, i) => (block.word >> BigInt(32 * i + 31)) & 1n);
    expect(covered).to.deep.equal([0n, 0n, 1n, 1n, 1n, 1n, 1n, 1n]);
    expect(laneOf(block.word, 7)).to.equal(100n);
    const file = exportJournal(
      journalFolder(household.place("data"), home.device.address),
      0,
      Infinity,
    );
    expect(JSON.stringify(file)).to.contain('"quality":"left out"');
    expect(file).to.have.property("readings").with.length(2);
  });

  it("has 92 and 100 slots on the days on which the meter's clock changes, none of them skewed", async () => {
    await household.key("device");
    const days: [day: string, count: number][] = [
      ["2026-03-29", 92],
      ["2026-10-25", 100],
    ];
    const home = open();
    for (const [day, count] of days) {
      const { firstSlot, lastSlot } = slotsOfDay(day, AMSTERDAM, 900);
      const edges = Array.from({ length: count + 1 }, (_, i) => firstSlot + i);
      expect(edges.at(-1)).to.equal(lastSlot + 1);
      now = (lastSlot + 2) * QUARTER;
      const telegrams = edges.map((slot) =>
        version5({ stamp: stampOf(slot * 900), low: kwh(BigInt(slot - firstSlot) * 7n) }),
      );
      const context = { now: () => now, report: () => {} };
      for await (const sample of samplesOfP1(Readable.from(telegrams.map(bytesOf)), context)) {
        home.take("grid", sample);
      }
      const slots = home.slots(firstSlot);
      expect(slots.map(({ importWh }) => importWh)).to.deep.equal(Array(count).fill(7n));
    }
    await home.settled();
  });
});

/** A meter's own clock in the Netherlands, with its letter. */
function stampOf(unixSeconds: number): string {
  const day = localDayOf(unixSeconds, AMSTERDAM).slice(2).replaceAll("-", "");
  const time = localTimeOf(unixSeconds, AMSTERDAM).replace(":", "");
  const isSummer =
    Number(time.slice(0, 2)) === (new Date(unixSeconds * 1000).getUTCHours() + 2) % 24;
  return `${day}${time}00${isSummer ? "S" : "W"}`;
}

const kwh = (wh: bigint): string => `${wh / 1000n}.${(wh % 1000n).toString().padStart(3, "0")}`;
