import {
  type Finding,
  flowsOf,
  type HomeFlows,
  type HomePart,
  homesIn,
  MeterFileError,
  type Reading,
  readMeterFile,
  slotSecondsFor,
} from "@wattline/sdk/meterData";
import type { Asked, AskedId, ChosenFile } from "./messages.ts";

/** A chosen file that was read. */
interface ReadFile extends ChosenFile {
  readonly reading: Reading;
}

/** The homes of one's own and of friends' files, in slots of one length. */
export interface HomesRead {
  readonly own: HomeFlows;
  readonly friends: readonly { readonly name: string; readonly flows: HomeFlows }[];
  /** Of one's own files. */
  readonly readings: readonly Reading[];
}

/** Readings of earlier jobs, by file and answers: another tariff needs no second reading. */
export type Readings = Map<string, Reading>;

/**
 * Reads one's own files as one home, and friends' files as one home each or one for each meter.
 * @returns Questions where a file does not say what is needed.
 * @throws MeterFileError naming the file, and row and column where they are known.
 */
export async function readHomes(
  own: readonly ChosenFile[],
  friends: readonly ChosenFile[],
  known: Readings,
  onRead: (files: number) => void,
): Promise<HomesRead | readonly Asked[]> {
  const read: ReadFile[] = [];
  const keys = new Set<string>();
  for (const chosen of [...own, ...friends]) {
    const key = keyOf(chosen);
    const reading = known.get(key) ?? (await readFile(chosen));
    known.set(key, reading);
    keys.add(key);
    read.push({ ...chosen, reading });
    onRead(read.length);
  }
  for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
  const asked = read.flatMap(askedAbout);
  if (asked.length > 0) return asked;
  const slotSeconds = slotSecondsFor(read.map(({ reading }) => reading));
  const [ownRead, friendsRead] = [read.slice(0, own.length), read.slice(own.length)];
  return {
    own: flowsOf(ownRead.map(partOf), slotSeconds),
    friends: friendsRead.flatMap((friend) => {
      const { file, decisions, reading } = friend;
      return homesIn(nameOf(file), reading).map(({ name, series }) => ({
        name,
        flows: flowsOf([{ file: file.name, series, decisions }], slotSeconds),
      }));
    }),
    readings: ownRead.map(({ reading }) => reading),
  };
}

const keyOf = ({ file: { name, size, lastModified }, answers }: ChosenFile): string =>
  JSON.stringify([name, size, lastModified, answers]);

const nameOf = ({ name }: File): string => name.replace(/\.[^.]*$/, "");

const readFile = async ({ file, answers }: ChosenFile): Promise<Reading> =>
  readMeterFile({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }, { answers });

function partOf({ file, decisions, reading }: ReadFile): HomePart {
  const series = homesIn(file.name, reading).flatMap((home) => home.series);
  if (series.length > 0) return { file: file.name, series, decisions };
  throw new MeterFileError(file.name, {}, "energy of a meter: there is none in the file");
}

/** What the reader asks, and what has to be decided about rows that it found. */
function askedAbout({ file, decisions, reading }: ReadFile, index: number): Asked[] {
  const { preview, findings } = reading;
  const found = (kinds: readonly Finding["kind"][]) =>
    findings.find(({ kind }) => kinds.includes(kind));
  const decide = (id: AskedId, finding: Finding | undefined, choices: readonly string[]) =>
    finding === undefined || id in decisions ? [] : [{ id, choices, row: finding.row }];
  const questions =
    reading.questions.length > 0
      ? reading.questions
      : [
          ...decide("overlaps", found(["overlap", "duplicate"]), ["keepFirst", "keepLast"]),
          ...decide("negative", found(["negative"]), ["leaveOut", "asZero"]),
        ];
  return questions.length === 0 ? [] : [{ index, name: file.name, questions, preview }];
}
