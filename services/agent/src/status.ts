import { formatKwh } from "@wattline/sdk";
import type { Home } from "./home.ts";
import { isoOf } from "./iso.ts";
import { type TradingReport, tradingLines, tradingReport } from "./trading/report.ts";
import type { Trader } from "./trading/trader.ts";

/** How the agent stands, for `agent status` and the page; JSON as it is. */
export interface Status {
  readonly homes: readonly HomeReport[];
  /** What hinders reports. */
  readonly trouble: string | undefined;
  /** The code that pairs a browser with the page. */
  readonly pageCode: string | undefined;
}

export interface HomeReport {
  readonly name: string;
  readonly device: string;
  readonly meters: readonly {
    readonly name: string;
    readonly last: string | undefined;
    readonly importKwh: string | undefined;
    readonly exportKwh: string | undefined;
    readonly held: number;
  }[];
  readonly waitingBlocks: number;
  readonly sentTransactions: readonly string[];
  readonly notes: readonly { readonly time: string; readonly text: string }[];
  /** Missing for a home that does not trade. */
  readonly trading: TradingReport | undefined;
}

export const statusOf = (
  homes: readonly Home[],
  traders: readonly Trader[],
  trouble: string | undefined,
  pageCode: string | undefined,
): Status => ({
  homes: homes.map((home) =>
    homeReport(
      home,
      traders.find((each) => each.home === home),
    ),
  ),
  trouble,
  pageCode,
});

function homeReport(home: Home, trader: Trader | undefined): HomeReport {
  const { book } = home.journal;
  return {
    name: home.config.name,
    device: home.device.address,
    meters: home.status().map(({ name, lastMs, importWh, exportWh, held }) => ({
      name,
      last: lastMs === undefined ? undefined : isoOf(lastMs),
      importKwh: importWh === undefined ? undefined : formatKwh(importWh),
      exportKwh: exportWh === undefined ? undefined : formatKwh(exportWh),
      held,
    })),
    waitingBlocks: book.open().length,
    sentTransactions: [...book.sent.values()]
      .filter((sent) => book.isOnItsWay(sent))
      .map(({ hash }) => hash),
    notes: book.notes.map(({ unixMs, meter, text }) => ({
      time: isoOf(unixMs),
      text: meter === "" ? text : `${meter}: ${text}`,
    })),
    trading: trader && tradingReport(trader),
  };
}

/** A status in lines, for a terminal. */
export function statusLines({ homes, trouble, pageCode }: Status): string[] {
  return [
    ...homes.flatMap(
      ({ name, device, meters, waitingBlocks, sentTransactions, notes, trading }) => [
        `${name}, device ${device}`,
        ...meters.map((meter) =>
          meter.last === undefined
            ? `  ${meter.name}: nothing read yet`
            : `  ${meter.name}: import ${meter.importKwh}, export ${meter.exportKwh} at ${meter.last}, ${meter.held} held back`,
        ),
        `  ${waitingBlocks} blocks wait to be reported, ${sentTransactions.length} transactions are on their way`,
        ...(trading === undefined ? [] : tradingLines(trading)),
        ...notes.slice(-5).map(({ time, text }) => `  ${time} ${text}`),
      ],
    ),
    ...(trouble === undefined ? [] : [`Reports wait: ${trouble}`]),
    ...(pageCode === undefined ? [] : [`Code for the page: ${pageCode}`]),
  ];
}
