import { Collector } from "../collector.ts";
import { parseDecimal, unitOf } from "../numbers.ts";
import { placeByEnd } from "../place.ts";
import { stampReader } from "../stamps.ts";
import { MeterFileError } from "../types.ts";
import { isRecord, parseJson, textOf } from "./json.ts";
import { conclude, type ReadMeterFile, zoneFor } from "./reader.ts";

/**
 * Enedis (France), load curve: average power in W, each value with its end and its length, which may change
 * midway. The file does not say the direction: import, unless answered otherwise. Source: Enedis Data Connect,
 * Metering Data v5; samples: eddie, region connector fr-enedis (Apache-2.0 licence).
 */
const LENGTH = /^PT(?:(\d+)H)?(?:(\d+)M)?$/;

export const read: ReadMeterFile = async (file, { answers = {} }) => {
  const into = new Collector();
  const zone = zoneFor(file.name, answers, "Europe/Paris");
  const parsed = await parseJson(file);
  const reading = isRecord(parsed) ? (parsed.meter_reading ?? parsed) : undefined;
  const list = isRecord(reading) ? reading.interval_reading : undefined;
  if (!isRecord(reading) || !Array.isArray(list)) {
    throw new MeterFileError(file.name, {}, "meter_reading with a list interval_reading");
  }
  const type = isRecord(reading.reading_type) ? reading.reading_type : {};
  const unit = unitOf(textOf(type.unit));
  if (!unit) {
    const where = { column: "reading_type.unit", value: textOf(type.unit) };
    throw new MeterFileError(file.name, where, "W or Wh");
  }
  const meterId = textOf(reading.usage_point_id) || "meter";
  const direction = answers.direction === "export" ? "export" : "import";
  const builder = into.register({ meterId, direction, quantity: "energy" });
  const stamp = stampReader("ymd");
  for (const [index, item] of list.entries()) {
    const row = index + 1;
    const field = (name: string): string => (isRecord(item) ? textOf(item[name]) : "");
    const fail = (column: string, expected: string): never => {
      throw new MeterFileError(file.name, { row, column, value: field(column) }, expected);
    };
    const length = LENGTH.exec(field("interval_length"));
    const seconds = Number(length?.[1] ?? 0) * 3600 + Number(length?.[2] ?? 0) * 60;
    if (seconds <= 0 || seconds > 3600) fail("interval_length", "PT1M to PT60M");
    const end = stamp(field("date")) ?? fail("date", "a day and time such as 2024-02-26 00:30:00");
    const value =
      parseDecimal(field("value"), ".") ?? fail("value", `a number of ${textOf(type.unit)}`);
    if (!zone) break;
    const place =
      end.offset === undefined
        ? placeByEnd(zone, end.wall, seconds)
        : end.wall - end.offset - seconds;
    const milliWh =
      unit.kind === "power" ? (value * unit.milli * seconds) / 3600 : value * unit.milli;
    // The regulator's code: B is measured, others were corrected or reconstructed.
    const kind = field("measure_type");
    builder.add(
      place,
      seconds,
      milliWh,
      kind === "" || kind === "B" ? "measured" : "estimated",
      row,
    );
  }
  const columns = ["date", "interval_length", "value", "measure_type"];
  return conclude("enedis", file, into, zone, answers, { columns, rows: [] });
};
