import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { P1Stream, type P1StreamEvent } from "../../../src/meterData/p1/index.ts";
import { belgian, bytesOf, version5, version22 } from "./samples.ts";

const read = (...chunks: Uint8Array[]): P1StreamEvent[] => {
  const stream = new P1Stream();
  return [...chunks.flatMap((chunk) => stream.push(chunk)), ...stream.end()];
};
const kinds = (events: readonly P1StreamEvent[]): string[] =>
  events.map((event) =>
    event.kind === "fault" ? event.fault.kind : event.telegram.identification,
  );

const [FIVE, OLD, FLEMISH] = ["WTL5\\roof-50", "WTL5\\old-22", "WTL5\\flemish_A"];

describe("A stream of P1 telegrams", () => {
  it("is the same however it is cut into chunks", () => {
    const bytes = bytesOf(version5() + version22() + belgian());
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        expect(kinds(read(...chunks))).to.deep.equal([FIVE, OLD, FLEMISH]);
      }),
    );
  });

  it("may begin in the middle, and noise between telegrams costs none", () => {
    const noise = "\u0000\u00ff*kWh)\r\n!12";
    const text = version5().slice(300) + noise + version5() + noise + belgian();
    expect(kinds(read(bytesOf(text)))).to.deep.equal([FIVE, FLEMISH]);
  });

  it("names half a telegram, and reads the next", () => {
    for (const half of [version5().slice(0, 200), `${version22().slice(0, 90)}\r\n`]) {
      expect(kinds(read(bytesOf(half + version5())))).to.include(FIVE);
    }
    expect(kinds(read(bytesOf(`${version22().slice(0, 89)}\r\n${version22()}`)))).to.include(OLD);
    expect(kinds(read(bytesOf(version5().slice(0, 200))))).to.deep.equal(["cut"]);
  });

  it("loses only the telegram in which a bit is wrong", () => {
    const damaged = version5().replace("001234.567", "001235.567");
    expect(kinds(read(bytesOf(version5() + damaged + version5())))).to.deep.equal([
      FIVE,
      "checksum",
      FIVE,
    ]);
  });

  it("reads a last line without its end", () => {
    expect(kinds(read(bytesOf(version22().trimEnd())))).to.deep.equal([OLD]);
  });

  it("gives up on what has no end, and reads on", () => {
    const endless = `/${"1-0:1.8.1(000001.000*kWh)\r\n".repeat(1_000)}`;
    expect(kinds(read(bytesOf(endless + version5())))).to.deep.equal(["long", FIVE]);
  });

  it("never fails on bytes of any kind, nor passes them off as a checked telegram", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        const events = read(bytes, bytesOf(`\r\n${version5()}`));
        expect(events.at(-1)).to.have.property("kind", "telegram");
      }),
    );
  });
});
