/**
 * What differs between the telegrams of countries and versions, by OBIS code. Sources: DSMR "P1 Companion Standard" 2.2,
 * 3.0, 4.2.2 and 5.0.2 (Netbeheer Nederland); "e-MUCS P1" 1.7.1 (Fluvius, ORES and others, Belgium).
 *
 * What they share: import is 1-0:1.8.x, export 1-0:2.8.x, x being the tariff, or 0 for all tariffs together; present
 * power is 1-0:1.7.0 and 1-0:2.7.0; the time stamp is 0-0:1.0.0 in versions that have one.
 */
export interface P1Dialect {
  readonly name: "dutch" | "belgian";
  /** The object that tells the version; telegrams of DSMR 2.2 and 3.0 have none. */
  readonly versionCode: string;
  /** The digits of the version object after which the decimal point stands: "50" is 5.0, "50217" is 502.17. */
  readonly versionDigits: number;
  /** Objects that hold the meter's number, in hexadecimal digits of ASCII; the first that is there and not empty. */
  readonly meterCodes: readonly string[];
  /** What tariff 1 and tariff 2 are. */
  readonly tariffs: readonly [string, string];
}

/** The Dutch one is last: it is what a telegram without a version is read as. */
export const DIALECTS: readonly P1Dialect[] = [
  {
    name: "belgian",
    versionCode: "0-0:96.1.4",
    versionDigits: 3,
    meterCodes: ["0-0:96.1.1", "0-0:96.1.2"],
    tariffs: ["day", "night"],
  },
  {
    name: "dutch",
    versionCode: "1-3:0.2.8",
    versionDigits: 1,
    meterCodes: ["0-0:96.1.1"],
    tariffs: ["night", "day"],
  },
];

/** Registers: OBIS code `1-0:<quantity>.8.<tariff>`. */
export const REGISTER = /^1-0:([12])\.8\.([0-9])$/;
/** What each quantity is; IEC 62056-61: 1 is active energy or power from the grid, 2 to it. */
export const QUANTITIES = { 1: "import", 2: "export" } as const;
export const POWER = { import: "1-0:1.7.0", export: "1-0:2.7.0" } as const;
export const STAMP = "0-0:1.0.0";
/** The stamp's letter: summer (DST) or winter time of Amsterdam and Brussels, as hours ahead of UTC. */
export const OFFSET_HOURS = { S: 2, W: 1 } as const;
