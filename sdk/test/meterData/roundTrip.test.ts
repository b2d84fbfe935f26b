import { expect } from "chai";
import * as fc from "fast-check";
import { type Answers, readMeterFile } from "../../src/meterData/index.ts";
import { wallOf } from "./support.ts";

/** A series to write: values in Wh of steps that follow one another from the beginning of a local day. */
interface Written {
  readonly start: number;
  readonly seconds: number;
  readonly wh: readonly number[];
}

interface Writer {
  readonly seconds: readonly number[];
  readonly zone: string;
  readonly write: (series: Written) => string;
  readonly answers?: Answers;
}

const pad = (value: number): string => String(value).padStart(2, "0");

const timesOf = ({ start, seconds, wh }: Written): { from: number; to: number; wh: number }[] =>
  wh.map((each, index) => ({
    from: start + index * seconds,
    to: start + (index + 1) * seconds,
    wh: each,
  }));

const stamped = (
  zone: string,
  instant: number,
  format: (year: string, month: string, day: string, time: string) => string,
): string => {
  const { day, time } = wallOf(instant, zone);
  const [year = "", month = "", date = ""] = day.split("-");
  return format(year, month, date, time);
};

const german = (zone: string) => (instant: number) =>
  stamped(zone, instant, (y, m, d, time) => `${d}.${m}.${y} ${time}`);
const kWh = (wh: number, mark = "."): string => (wh / 1000).toFixed(3).replace(".", mark);
const offset = (instant: number): string => {
  const { day, time } = wallOf(instant, "Europe/Amsterdam");
  const minutes = (Date.parse(`${day}T${time}Z`) / 1000 - instant) / 60;
  return `${day}T${time}:00+${pad(minutes / 60)}:00`;
};

const WRITERS: Readonly<Record<string, Writer>> = {
  "austria, start and end": {
    seconds: [900],
    zone: "Europe/Vienna",
    write: (series) =>
      [
        "Datum von;Datum bis;Verbrauch in kWh;Ersatzwert",
        ...timesOf(series).map(
          ({ from, to, wh }) =>
            `${german("Europe/Vienna")(from)};${german("Europe/Vienna")(to)};${kWh(wh, ",")};`,
        ),
      ].join("\r\n"),
  },
  "austria, end": {
    seconds: [900, 3600],
    zone: "Europe/Vienna",
    write: (series) =>
      [
        "Messzeitpunkt;Verbrauch (kWh);Qualität;",
        ...timesOf(series).map(
          ({ to, wh }) => `${german("Europe/Vienna")(to)};${kWh(wh, ",")}000;G;`,
        ),
      ].join("\n"),
  },
  fluvius: {
    seconds: [900],
    zone: "Europe/Brussels",
    write: (series) => {
      const stamp = (instant: number): string =>
        stamped("Europe/Brussels", instant, (y, m, d, time) => `${d}-${m}-${y};${time}:00`);
      return [
        "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus",
        ...timesOf(series).map(
          ({ from, to, wh }, index) =>
            `${stamp(from)};${stamp(to)};="5414";M;Digitale meter;Afname ${index % 3 ? "Dag" : "Nacht"};${wh === 0 ? "" : kWh(wh, ",")};kWh;${wh === 0 ? "Geen verbruik" : "Gevalideerd"}`,
        ),
      ].join("\n");
    },
  },
  "fluvius, in English": {
    seconds: [900],
    zone: "Europe/Brussels",
    write: (series) => {
      const stamp = (instant: number): string =>
        stamped("Europe/Brussels", instant, (y, m, d, time) => `${d}/${m}/${y};${time}:00`);
      return [
        "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit;Validation status;Description",
        ...timesOf(series).map(
          ({ from, to, wh }, index) =>
            `${stamp(from)};${stamp(to)};="5414";M;Digital meter;Offtake ${index % 3 ? "Day" : "Night"};${wh === 0 ? "" : kWh(wh, ",")};kWh;${wh === 0 ? "No consumption" : "Read"};`,
        ),
      ].join("\n");
    },
  },
  dsmrReader: {
    seconds: [3600],
    zone: "Europe/Amsterdam",
    write: (series) =>
      [
        "Hour Start,Electricity 1 (low),Electricity 2 (normal),Electricity 1 Returned (low),Electricity 2 Returned (normal),Gas",
        ...timesOf(series).map(
          ({ from, wh }) =>
            `${offset(from)},${kWh(Math.floor(wh / 3))},${kWh(wh - Math.floor(wh / 3))},0,0,1`,
        ),
      ].join("\n"),
  },
  enphase: {
    seconds: [900, 3600],
    zone: "America/Los_Angeles",
    answers: { timeZone: "America/Los_Angeles" },
    write: (series) =>
      [
        "Date/Time,Energy Produced (Wh)",
        ...timesOf(series).map(
          ({ from, wh }) =>
            `${stamped("America/Los_Angeles", from, (y, m, d, time) => `${m}/${d}/${y} ${time}`)},${wh}`,
        ),
        `Total,${series.wh.reduce((sum, wh) => sum + wh, 0)}`,
      ].join("\n"),
  },
  datadis: {
    seconds: [3600],
    zone: "Europe/Madrid",
    write: (series) =>
      JSON.stringify(
        timesOf(series).map(({ from, wh }) => {
          const { day, time } = wallOf(from, "Europe/Madrid");
          const hour = pad(Number(time.slice(0, 2)) + 1);
          return {
            cups: "ES1",
            date: day.replaceAll("-", "/"),
            time: `${hour}:00`,
            consumptionKWh: wh / 1000,
            obtainMethod: "Real",
          };
        }),
      ),
  },
  enedis: {
    seconds: [600, 900, 1800, 3600],
    zone: "Europe/Paris",
    write: (series) =>
      JSON.stringify({
        meter_reading: {
          usage_point_id: "1",
          reading_type: { unit: "Wh" },
          interval_reading: timesOf(series).map(({ to, wh }) => ({
            value: String(wh),
            date: stamped("Europe/Paris", to, (y, m, d, time) => `${y}-${m}-${d} ${time}:00`),
            interval_length: `PT${series.seconds / 60}M`,
            measure_type: "B",
          })),
        },
      }),
  },
  greenButton: {
    seconds: [300, 900, 3600],
    zone: "America/New_York",
    write: (series) =>
      `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi"><entry><content><e:ReadingType><e:flowDirection>1</e:flowDirection><e:powerOfTenMultiplier>-3</e:powerOfTenMultiplier><e:uom>72</e:uom></e:ReadingType></content></entry><entry><content><e:IntervalBlock>${timesOf(
        series,
      )
        .map(
          ({ from, wh }) =>
            `<e:IntervalReading><e:timePeriod><e:duration>${series.seconds}</e:duration><e:start>${from}</e:start></e:timePeriod><e:value>${wh * 1000}</e:value></e:IntervalReading>`,
        )
        .join("\n")}</e:IntervalBlock></content></entry></feed>`,
  },
  nem12: {
    seconds: [300, 900, 1800],
    zone: "Australia/Brisbane",
    write: (series) => {
      const count = 86_400 / series.seconds;
      const days = Math.floor(series.wh.length / count);
      const records = Array.from({ length: days }, (_, day) => {
        const date = wallOf(series.start + day * 86_400, "Australia/Brisbane").day.replaceAll(
          "-",
          "",
        );
        return `300,${date},${series.wh
          .slice(day * count, (day + 1) * count)
          .map((wh) => kWh(wh))
          .join(",")},A,,,,`;
      });
      return [
        "100,NEM12,202401010000,A,B",
        `200,NMI,E1,1,E1,N1,S,kWh,${series.seconds / 60},`,
        ...records,
        "900",
      ].join("\n");
    },
  },
  "plain csv": {
    seconds: [60, 900, 3600],
    zone: "Europe/Vienna",
    answers: {
      timeZone: "Europe/Vienna",
      valueKind: "energy",
      decimalMark: ".",
      direction: "import",
      unit: "kWh",
    },
    write: (series) =>
      [
        "from|until|garage",
        ...timesOf(series).map(
          ({ from, to, wh }) =>
            `${wallOf(from, "Europe/Vienna").day} ${wallOf(from, "Europe/Vienna").time}|${wallOf(to, "Europe/Vienna").day} ${wallOf(to, "Europe/Vienna").time}|"${kWh(wh)}"`,
        ),
      ].join("\n"),
  },
};

/** Midnights in that zone: any, and the days of both changes. */
const starts = (zone: string): fc.Arbitrary<number> =>
  fc
    .constantFrom(
      "2023-07-01",
      "2024-02-28",
      "2024-03-30",
      "2024-10-26",
      "2024-11-02",
      "2024-03-09",
      "2021-12-31",
    )
    .map((day) => {
      const utc = Date.parse(`${day}T00:00Z`) / 1000;
      const wall = wallOf(utc, zone);
      return utc - (Date.parse(`${wall.day}T${wall.time}Z`) / 1000 - utc);
    });

describe("A series written and read again is the same series", () => {
  for (const [name, { seconds, zone, write, answers = {} }] of Object.entries(WRITERS)) {
    it(name, async () => {
      const series = fc
        .tuple(
          starts(zone),
          fc.constantFrom(...seconds),
          fc.integer({ min: 2, max: 3 }),
          fc.infiniteStream(fc.integer({ min: 0, max: 99_999 })),
        )
        .map(
          ([start, step, days, values]): Written => ({
            start,
            seconds: step,
            wh: [...values.take((days * 86_400) / step)],
          }),
        );
      await fc.assert(
        fc.asyncProperty(series, async (written) => {
          const bytes = new TextEncoder().encode(write(written));
          const reading = await readMeterFile({ name, bytes }, { answers });
          expect(reading.questions).to.deep.equal([]);
          const [read] = reading.series;
          expect(
            [...(read ?? [])].map(({ start, seconds: length, milliWh }) => [
              start,
              length,
              milliWh,
            ]),
          ).to.deep.equal(
            timesOf(written).map(({ from, wh }) => [from, written.seconds, wh * 1000]),
          );
        }),
        { numRuns: process.env.WATTLINE_DEEP ? 60 : 4 },
      );
    });
  }
});
