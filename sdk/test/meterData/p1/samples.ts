import { crc16 } from "../../../src/meterData/p1/index.ts";

/** Telegrams in the published forms of each version, with values of our own. */

const withSum = (body: string): string => {
  const sum = crc16(bytesOf(body)).toString(16).toUpperCase().padStart(4, "0");
  return `${body}${sum}\r\n`;
};

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

const lines = (...all: string[]): string => all.join("\r\n");

export interface Values {
  readonly stamp: string;
  readonly low: string;
  readonly high: string;
  readonly lowExport: string;
  readonly highExport: string;
}

export const VALUES: Values = {
  stamp: "260621120000S",
  low: "001234.567",
  high: "000765.432",
  lowExport: "000100.001",
  highExport: "000200.999",
};

export const version5 = (values: Partial<Values> = {}): string => {
  const { stamp, low, high, lowExport, highExport } = { ...VALUES, ...values };
  return withSum(
    lines(
      "/WTL5\\roof-50",
      "",
      "1-3:0.2.8(50)",
      `0-0:1.0.0(${stamp})`,
      "0-0:96.1.1(5754533030303432)",
      `1-0:1.8.1(${low}*kWh)`,
      `1-0:1.8.2(${high}*kWh)`,
      `1-0:2.8.1(${lowExport}*kWh)`,
      `1-0:2.8.2(${highExport}*kWh)`,
      "0-0:96.14.0(0002)",
      "1-0:1.7.0(00.244*kW)",
      "1-0:2.7.0(03.100*kW)",
      "1-0:99.97.0(1)(0-0:96.7.19)(260101000003W)(0000000240*s)",
      "0-0:96.13.0(48656C6C6F2F21)",
      "0-1:24.2.1(260621115500S)(00012.345*m3)",
      "!",
    ),
  );
};

export const version42 = (): string => version5().replace("1-3:0.2.8(50)", "1-3:0.2.8(42)");

/** Signs a changed telegram anew. */
export const resum = (telegram: string): string =>
  withSum(telegram.slice(0, telegram.indexOf("\n!") + 2));

export const version22 = (): string =>
  lines(
    "/WTL5\\old-22",
    "",
    "0-0:96.1.1(57544C32323030)",
    "1-0:1.8.1(00001.001*kWh)",
    "1-0:1.8.2(00002.002*kWh)",
    "1-0:2.8.1(00003.003*kWh)",
    "1-0:2.8.2(00004.004*kWh)",
    "0-0:96.14.0(0001)",
    "1-0:1.7.0(0001.01*kW)",
    "1-0:2.7.0(0000.00*kW)",
    "0-1:24.3.0(161107190000)(00)(60)(1)(0-1:24.2.1)(m3)",
    "(00001.001)",
    "0-1:24.4.0(1)",
    "!",
    "",
  );

export const belgian = (): string =>
  withSum(
    lines(
      "/WTL5\\flemish_A",
      "",
      "0-0:96.1.4(50217)",
      "0-0:96.1.1(57544C42453031)",
      "0-0:1.0.0(251231235959W)",
      "1-0:1.8.1(000010.034*kWh)",
      "1-0:1.8.2(000015.758*kWh)",
      "1-0:2.8.1(000000.000*kWh)",
      "1-0:2.8.2(000000.011*kWh)",
      "1-0:1.4.0(02.351*kW)",
      "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(250501000000S)(250423192538S)(03.695*kW)",
      "1-0:1.7.0(00.000*kW)",
      "1-0:2.7.0(01.250*kW)",
      "!",
    ),
  );
