import type {
  Answers,
  Decisions,
  FindingKind,
  MeterFormat,
  Preview,
  QuestionId,
} from "@wattline/sdk/meterData";
import type { OwnUse } from "@wattline/sdk/need";
import type { HomeStudy } from "@wattline/sdk/study";
import type { Assumptions } from "../assumptions.ts";
import type { Sample } from "../samples.ts";

/** A meter file that somebody chose, with what he answered about it. It never leaves the browser. */
export interface ChosenFile {
  readonly file: File;
  readonly answers: Answers;
  readonly decisions: Decisions;
}

/** A job for the worker. */
export interface StudyJob {
  /** The files of one's own home, or a sample. */
  readonly own: readonly ChosenFile[] | Sample;
  /** The files of friends, one for each home or with many; none: a made-up street. */
  readonly friends: readonly ChosenFile[];
  readonly assumptions: Assumptions;
  /** An IANA time zone: the months are of its calendar. */
  readonly timeZone: string;
}

export type AskedId = QuestionId | keyof Decisions;

/** Questions about a file. */
export interface Asked {
  /** Its place among one's own files, those of friends behind them. */
  readonly index: number;
  readonly name: string;
  readonly questions: readonly {
    readonly id: AskedId;
    readonly choices: readonly string[];
    readonly row?: number;
    readonly column?: string;
  }[];
  readonly preview: Preview;
}

/** What is wrong with a file. */
export interface FileFault {
  readonly file: string;
  readonly row: number | undefined;
  readonly column: string | undefined;
  readonly value: string | undefined;
  /** In English, as the reader says it. */
  readonly expected: string;
}

/** How far a study is: files that were read, then streets that were studied. */
export interface StudyProgress {
  readonly phase: "reading" | "studying";
  readonly done: number;
  readonly of: number;
}

/** What a year with neighbours would have brought. */
export interface Gains {
  readonly home: HomeStudy;
  /** With a battery; undefined when there is none, or nothing to charge it with. */
  readonly withBattery: HomeStudy | undefined;
  /** What all neighbours together save, thousandths of a millionth. */
  readonly neighboursMillis: bigint;
  readonly neighbours: number;
  readonly firstSlot: number;
  readonly slotSeconds: number;
  /** Slots of the study, and those that one's own files cover. */
  readonly slots: number;
  readonly coveredSlots: number;
  /** Slots of friends that their files cover, out of `slots` for each; undefined for a made-up street. */
  readonly friendSlots: number | undefined;
  /** All that the home used, Wh, where it is known. */
  readonly loadWh: bigint | undefined;
  /** How the home uses energy; undefined for a sample, and where nothing was drawn. */
  readonly use: OwnUse | undefined;
  /** How many rows of one's own files have something to know about. */
  readonly findings: readonly { readonly kind: FindingKind; readonly count: number }[];
  readonly formats: readonly MeterFormat[];
}

/** The least and the most that other streets of the same kind bring, thousandths of a millionth. */
export interface GainRange {
  readonly streets: number;
  readonly leastMillis: bigint;
  readonly mostMillis: bigint;
}

/** A message from the worker. A study ends with "range", "asked" or "failed". */
export type StudyMessage =
  | ({ readonly kind: "progress" } & StudyProgress)
  | { readonly kind: "gains"; readonly gains: Gains }
  | { readonly kind: "range"; readonly range: GainRange | undefined }
  | { readonly kind: "asked"; readonly asked: readonly Asked[] }
  | { readonly kind: "failed"; readonly message: string; readonly fault: FileFault | undefined };
