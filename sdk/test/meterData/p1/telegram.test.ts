import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { describe, it } from "mocha";
import { P1Error, parseTelegram } from "../../../src/meterData/p1/index.ts";
import { belgian, bytesOf, resum, version5, version22, version42 } from "./samples.ts";

const read = (text: string) => parseTelegram(bytesOf(text));
const utc = (time: string) => Date.parse(time) / 1000;

describe("A P1 telegram", () => {
  it("of version 5 tells registers by tariff, power, its meter and its time", () => {
    const telegram = read(version5());
    expect(telegram).to.include({
      identification: "WTL5\\roof-50",
      dialect: "dutch",
      version: "5.0",
      meterId: "WTS00042",
      unixSeconds: utc("2026-06-21T10:00:00Z"),
      importWh: 1_999_999n,
      exportWh: 301_000n,
      importW: 244,
      exportW: 3_100,
      isChecked: true,
    });
    expect(telegram.registers[1]).to.deep.equal({
      direction: "import",
      tariff: 2,
      energyWh: 765_432n,
      rollsOverAtWh: 1_000_000_000n,
    });
  });

  it("of version 2.2 has neither time nor checksum", () => {
    expect(read(version22())).to.include({
      version: undefined,
      unixSeconds: undefined,
      meterId: "WTL2200",
      importWh: 3_003n,
      exportWh: 7_007n,
      importW: 1_010,
      isChecked: false,
    });
  });

  it("of Belgium tells its version in an object of its own", () => {
    expect(read(belgian())).to.include({
      dialect: "belgian",
      version: "502.17",
      unixSeconds: utc("2025-12-31T22:59:59Z"),
      importWh: 25_792n,
      exportWh: 11n,
      exportW: 1_250,
    });
  });

  it("tells the hour that comes twice by its letter", () => {
    const stamps = {
      "261025023000S": "2026-10-25T00:30:00Z",
      "261025023000W": "2026-10-25T01:30:00Z",
    };
    for (const [stamp, time] of Object.entries(stamps)) {
      expect(read(version5({ stamp })).unixSeconds).to.equal(utc(time));
    }
    expect(read(version5({ stamp: "260329015959W" })).unixSeconds).to.equal(
      utc("2026-03-29T00:59:59Z"),
    );
    expect(read(version5({ stamp: "260329030000S" })).unixSeconds).to.equal(
      utc("2026-03-29T01:00:00Z"),
    );
  });

  it("counts a register of all tariffs alone", () => {
    const total = resum(
      version5().replace("1-0:1.8.1", "1-0:1.8.0(00002000.000*kWh)\r\n1-0:1.8.1"),
    );
    expect(read(total).importWh).to.equal(2_000_000n);
    expect(read(total).registers[0]?.rollsOverAtWh).to.equal(100_000_000_000n);
  });

  it("whose clock is not set has no time", () => {
    expect(read(version5({ stamp: "632525252525S" })).unixSeconds).to.equal(undefined);
  });

  it("is refused for every single bit that is wrong, where it has a checksum", () => {
    const bytes = bytesOf(version42());
    const end = version42().lastIndexOf("!");
    for (let place = 0; place < end; place++) {
      for (let bit = 0; bit < 8; bit++) {
        const wrong = Uint8Array.from(bytes);
        wrong[place] = (wrong[place] ?? 0) ^ (1 << bit);
        expect(() => parseTelegram(wrong), `${place}.${bit}`).to.throw(P1Error);
      }
    }
  });

  it("of version 4 or later is refused without its checksum, or with lower-case digits of another", () => {
    expect(() => read(version5().replace(/![0-9A-F]{4}/, "!"))).to.throw(
      "checksum of a telegram of version 5.0",
    );
    expect(() => read(version5().replace(/![0-9A-F]{4}/, "!dead"))).to.throw(
      'the telegram says "dead"',
    );
  });

  it("names the line that can't be read, and what was expected", () => {
    const broken = version22().replace("1-0:1.8.2(00002.002*kWh)", "1-0:1.8.2(00002.0#2*kWh)");
    expect(() => read(broken)).to.throw(
      '1-0:1.8.2 is "00002.0#2*kWh"; expected energy such as 001234.567*kWh',
    );
    expect(() => read(version22().replace("0-0:96.14.0(0001)", "0-0:96.1$.0(0001)"))).to.throw(
      "Line 8 of the telegram",
    );
    expect(() => read(version22().replace("1-0:1.8.2", "1-0:1.8.1"))).to.throw("it comes twice");
  });
});

describe("The sample telegrams beside the project", () => {
  const folder = new URL("../../../../../shared/data/meter-files/", import.meta.url);
  const samples: [file: string, importWh: bigint, exportWh: bigint, version: string | undefined][] =
    [
      ["p1-v2-2.txt", 2_002n, 2_002n, undefined],
      ["p1-v3.txt", 24_691_356n, 24_691_356n, undefined],
      ["p1-v4-2.txt", 3_016_829n, 0n, "4.2"],
      ["p1-v5.txt", 6_825n, 2_444n, "5.0"],
      ["p1-fluvius-v171.txt", 15_792n, 11n, "502.17"],
    ];
  for (const [file, importWh, exportWh, version] of samples) {
    it(`${file} is read`, function () {
      const place = new URL(file, folder);
      if (!existsSync(place)) this.skip();
      const bytes = Uint8Array.from(readFileSync(place));
      expect(parseTelegram(bytes)).to.include({ importWh, exportWh, version });
    });
  }
});
