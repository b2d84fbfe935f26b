import * as nodeFiles from "node:fs";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Entry } from "../src/journal/entries.ts";
import { type Files, Journal, readJournal } from "../src/journal/journal.ts";

const METERS = "0xa1a1a1A1A1A1A1A1A1a1a1a1a1a1A1a1A1a1a1a1" as const;
const header = { home: "Jane", slotSeconds: 900, chainId: 31_337, metersContract: METERS };
const QUARTER = 900_000;

let folder: string;
let reports: string[];
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), "wattline-journal-")), "jane");
  reports = [];
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

const open = (more: { files?: Files; fileBytes?: number } = {}) =>
  Journal.open({ folder, header, report: (message) => reports.push(message), ...more });

/** What the agent keeps when a slot ends. */
const slotEnds = (slot: number): Entry[] => [
  { kind: "slot", meter: "grid", slot, importWh: 10n, exportWh: BigInt(slot), quality: "measured" },
  {
    kind: "mark",
    meter: "grid",
    last: { unixMs: (slot + 1) * QUARTER, importWh: BigInt(slot * 10), exportWh: 0n },
    open: { importWh: 0n, exportWh: 0n, quality: "measured" },
  },
];

const kept = (journal: Journal): number[] => [...journal.book.slots.keys()];

/** Dies at its n-th step, as a process that is killed; a write leaves only some of its bytes. */
function mortal(steps: number, bytesLeft: number): Files {
  let left = steps;
  const die = (): never => {
    throw new Error("killed");
  };
  const step =
    <A extends unknown[], R>(real: (...args: A) => R) =>
    (...args: A): R =>
      left-- > 0 ? real(...args) : die();
  return {
    ...nodeFiles,
    fsyncSync: step(nodeFiles.fsyncSync),
    ftruncateSync: step(nodeFiles.ftruncateSync),
    renameSync: step(nodeFiles.renameSync),
    writeSync: ((file: number, bytes: Buffer, from: number, length: number, at: number) => {
      if (left-- > 0) return nodeFiles.writeSync(file, bytes, from, length, at);
      nodeFiles.writeSync(file, bytes, from, Math.min(bytesLeft, length), at);
      return die();
    }) as Files["writeSync"],
  };
}

describe("The journal", () => {
  it("is the same when it is opened again", () => {
    const journal = open();
    for (const slot of [5, 6]) journal.append(...slotEnds(slot));
    journal.close();
    const again = open();
    expect(again.book.entries()).to.deep.equal(journal.book.entries());
    expect(again.book.marks.get("grid")?.last.importWh).to.equal(60n);
  });

  it("cut off at any byte keeps every line that was whole, and goes on", () => {
    const journal = open();
    const sizes: number[] = [];
    const file = () => path.join(folder, "journal-000001.log");
    for (const slot of [5, 6, 7]) {
      journal.append(...slotEnds(slot));
      sizes.push(readFileSync(file()).length);
    }
    journal.close();
    const whole = readFileSync(file());
    const first = whole.indexOf("\n") + 1;
    for (let bytes = first; bytes <= whole.length; bytes++) {
      writeFileSync(file(), whole);
      truncateSync(file(), bytes);
      const again = open();
      const lines = sizes.filter((size) => size <= bytes).length;
      expect(kept(again), `${bytes} bytes`).to.deep.equal([5, 6, 7].slice(0, lines));
      again.append(...slotEnds(8));
      again.close();
      const after = open();
      expect(kept(after)).to.deep.equal([...[5, 6, 7].slice(0, lines), 8]);
      after.close();
    }
  });

  it("killed at any step and any byte of it keeps what it said is kept, and nothing half", () => {
    for (let steps = 0; steps < 40; steps++) {
      for (const bytesLeft of [0, 1, 8, 9, 100, 1_000]) {
        rmSync(folder, { recursive: true, force: true });
        const promised: number[] = [];
        let isDead = false;
        try {
          // A new file is begun every few lines.
          const journal = open({ files: mortal(steps, bytesLeft), fileBytes: 700 });
          for (let slot = 0; slot < 8; slot++) {
            journal.append(...slotEnds(slot));
            promised.push(slot);
          }
        } catch {
          isDead = true;
        }
        const again = open();
        const found = kept(again);
        const wanted = `after ${steps} steps and ${bytesLeft} bytes`;
        expect(found.slice(0, promised.length), wanted).to.deep.equal(promised);
        expect(found.length - promised.length, wanted).to.be.within(0, isDead ? 1 : 0);
        const mark = again.book.marks.get("grid");
        const last = found.at(-1);
        expect(mark?.last.unixMs).to.equal(last === undefined ? undefined : (last + 1) * QUARTER);
        again.close();
      }
    }
  });

  it("on a full disk says so, keeps nothing half, and goes on when there is room", () => {
    let isFull = false;
    const files: Files = {
      ...nodeFiles,
      writeSync: ((file: number, bytes: Buffer, from: number, length: number, at: number) => {
        if (!isFull) return nodeFiles.writeSync(file, bytes, from, length, at);
        // The last bytes that had room.
        nodeFiles.writeSync(file, bytes, from, 20, at);
        throw new Error("ENOSPC: no space left on device, write");
      }) as Files["writeSync"],
    };
    const journal = open({ files });
    journal.append(...slotEnds(5));
    isFull = true;
    expect(() => journal.append(...slotEnds(6))).to.throw("Make room on the disk");
    expect(kept(journal)).to.deep.equal([5]);
    isFull = false;
    journal.append(...slotEnds(6));
    journal.close();
    expect(kept(open())).to.deep.equal([5, 6]);
    expect(reports).to.deep.equal([]);
  });

  it("does not keep what it said is not kept, even where the disk had taken all of it", () => {
    let isFailing = false;
    const files: Files = {
      ...nodeFiles,
      fsyncSync: (file: number) => {
        if (isFailing) {
          isFailing = false;
          throw new Error("EIO: i/o error, fsync");
        }
        nodeFiles.fsyncSync(file);
      },
    };
    const journal = open({ files });
    journal.append(...slotEnds(5));
    isFailing = true;
    expect(() => journal.append(...slotEnds(6))).to.throw("EIO");
    journal.close();
    expect(kept(open())).to.deep.equal([5]);
  });

  it("passes over a damaged line between others, and names it", () => {
    const journal = open();
    for (const slot of [5, 6, 7]) journal.append(...slotEnds(slot));
    journal.close();
    const file = path.join(folder, "journal-000001.log");
    writeFileSync(file, readFileSync(file, "utf8").replace('"slot":6', '"slot":9'));
    expect(kept(open())).to.deep.equal([5, 7]);
    expect(reports.join()).to.contain("lines 3 are damaged");
  });

  it("goes on in a new file with what is still needed; all of it can be read", () => {
    const journal = open({ fileBytes: 2_000 });
    for (let slot = 0; slot < 40; slot++) {
      journal.append(...slotEnds(slot), { kind: "sealed", block: Math.floor(slot / 8) });
      journal.book.forget(slot - 4);
    }
    journal.close();
    expect(readdirSync(folder).length).to.be.greaterThan(2);
    expect(kept(open())).to.include.members([38, 39]);
    const slots = new Set<number>();
    for (const entry of readJournal(folder)) if (entry.kind === "slot") slots.add(entry.slot);
    expect(slots.size).to.equal(40);
  });

  it("of another chain is refused", () => {
    open().close();
    const other = { ...header, chainId: 1 };
    expect(() => Journal.open({ folder, header: other })).to.throw("chain 31337");
  });
});
