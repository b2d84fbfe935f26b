import type { OpenFile } from "./input.ts";
import { MeterFileError, type MeterFormat } from "./types.ts";

const ZIP = [0x50, 0x4b, 0x03, 0x04];
const OLE = [0xd0, 0xcf, 0x11, 0xe0];
const GZIP = [0x1f, 0x8b];

/** Text formats by what their beginning holds; the first that fits counts. */
const SIGNS: readonly (readonly [RegExp, MeterFormat])[] = [
  [/^\s*100,NEM12/i, "nem12"],
  [/^\s*<(?:\?xml|[\w:]*feed|[\w:]*entry)[\s\S]*(?:espi|IntervalBlock|UsagePoint)/i, "greenButton"],
  [/^\s*\{[\s\S]*"interval_reading"/, "enedis"],
  [/^\s*[[{][\s\S]*"cups"/i, "datadis"],
  [/(?:^|\n)"?cups"?[;,]"?fecha"?[;,]"?hora"?[;,]/i, "datadis"],
  [/(?:^|\n)"?(?:Van|Du|From) \(?dat(?:um|e)\)?"?[;,\t]/i, "fluvius"],
  [/(?:^|\n)"?(?:Giorno|Data)"?[;,\t]"?\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}/i, "eDistribuzione"],
  [/(?:^|\n)"?Hour Start"?,"?Electricity 1/i, "dsmrReader"],
  [/(?:^|\n)"?Date\/Time"?,.*(?:Energy|Grid)/i, "enphase"],
  [
    /(?:^|\n|[;,\t])"?(?:Datum(?: von| und Uhrzeit)?|DatumUhrzeit|Messzeitpunkt|Ablesezeitpunkt|Ende Ablesezeitraum|Beginn der Messreihe|Startdatum|DATE_FROM|\w+zeitraum Beginn)"?[;,\t].*(?:kWh|Verbrauch|Wert|VALUE|AT\d{6})/i,
    "austria",
  ],
  [/(?:^|\n)"?Start"?;"?Ende"?;.*kWh/i, "austria"],
];

/** P1 telegrams: the states of a smart meter's registers (see p1/); a recording may begin within one. */
const isTelegram = (head: string): boolean =>
  /^\s*\/\w{3}\d?\S*[\s\S]*\d-\d:\d+\.\d+\.\d+[(*]/.test(head);

/** The format of a file by its content. @throws MeterFileError for what is no table of readings. */
export function detect(file: OpenFile): MeterFormat {
  const starts = (signature: readonly number[]): boolean =>
    signature.every((byte, index) => file.magic[index] === byte);
  if (starts(ZIP)) return "edaReport";
  if (starts(OLE)) return "edaReport";
  if (starts(GZIP))
    throw new MeterFileError(file.name, {}, "a file that is unpacked first (this is gzip)");
  const head = file.head.replace(/^\uFEFF/, "");
  const found = SIGNS.find(([pattern]) => pattern.test(head))?.[1];
  if (found) return found;
  if (isTelegram(head)) return "p1";
  if (/^\s*[<{[]/.test(head)) {
    throw new MeterFileError(file.name, {}, "Green Button XML, or JSON of Datadis or Enedis");
  }
  return "csv";
}
