/** Run as a worker with little memory: damages files at random, and reads each. Ends by itself when all ended well. */
import { workerData } from "node:worker_threads";
import * as fc from "fast-check";
import { MeterFileError, readMeterFile } from "../../src/meterData/index.ts";

/** What the worker is given. */
export interface FuzzJob {
  readonly files: readonly Uint8Array[];
  readonly runs: number;
}

const { files, runs }: FuzzJob = workerData;

const damaged = fc
  .tuple(
    fc.constantFrom(...files),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
    fc.nat(),
  )
  .map(([whole, changes, cut]) => {
    const bytes = Uint8Array.from(whole);
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return cut % 3 === 0 ? bytes.subarray(0, 1 + (cut % bytes.length)) : bytes;
  });
const magic = fc.constantFrom(
  [0x50, 0x4b, 3, 4],
  [0xd0, 0xcf, 0x11, 0xe0],
  [0xff, 0xfe],
  [0xef, 0xbb, 0xbf],
  [],
);
const anything = fc
  .tuple(magic, fc.uint8Array({ maxLength: 2000 }))
  .map(([begin, rest]) => new Uint8Array([...begin, ...rest]));

await fc.assert(
  fc.asyncProperty(fc.oneof({ weight: 3, arbitrary: damaged }, anything), async (bytes) => {
    const outcome = await readMeterFile({ name: "fuzz", bytes }).catch((reason: unknown) => reason);
    if (outcome instanceof Error && !(outcome instanceof MeterFileError)) throw outcome;
  }),
  { numRuns: runs },
);
