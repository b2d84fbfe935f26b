/**
 * A chain in a process of its own: plays some hours of communities, reports on stdout, and runs until it is stopped.
 */
import type { CommunitySeries } from "@wattline/community/profiles";
import {
  buildContracts,
  type MarketName,
  openChain,
  play,
  readOptions,
  serveChain,
} from "@wattline/community/simulation";

/** What to play. */
export interface Script {
  readonly port: number;
  readonly market: MarketName;
  /** The first played slot of the day: the first one of a block. */
  readonly skipped: number;
  readonly slots: number;
  /** Days that the slots are spread over, 1 by default. */
  readonly days?: number;
  /** Of each of the two microgrids. */
  readonly households: number;
  /** Slots of the outage, counted from the first slot. */
  readonly outage: readonly [first: number, end: number];
}

const {
  port,
  market,
  skipped,
  slots,
  days = 1,
  households,
  outage,
}: Script = JSON.parse(process.argv[2] ?? "{}");
const options = await readOptions(["--market", market, "--microgrids", "2", "--days", `${days}`]);
if (options === "help") throw new Error("--help is not expected here.");
const [here, there] = options.communities;
if (there === undefined) throw new Error("Two communities must be played.");

/** The homes with the largest roofs, or with the smallest: one community has a surplus, the other a need. */
const shortened = (series: CommunitySeries, most: boolean): CommunitySeries => ({
  ...series,
  firstSlot: series.firstSlot + skipped,
  slots,
  households: series.households
    .toSorted((a, b) => (most ? b.capacityW - a.capacityW : a.capacityW - b.capacityW))
    .slice(0, households)
    .map((household) => ({
      ...household,
      loadWh: household.loadWh.slice(skipped, skipped + slots),
      producedWh: household.producedWh.slice(skipped, skipped + slots),
      exportedWh: household.exportedWh.slice(skipped, skipped + slots),
      importedWh: household.importedWh.slice(skipped, skipped + slots),
    })),
});
const first = here.firstSlot + skipped;
const startsAt = first * here.slotSeconds;
const rpcUrl = `http://127.0.0.1:${port}`;

await buildContracts();
const server = await serveChain("127.0.0.1", port, startsAt);
const chain = await openChain(rpcUrl, startsAt);
const { wattline, communities, summary } = await play(
  chain,
  {
    ...options,
    communities: [shortened(here, true), shortened(there, false)],
    tariffs: {
      feedInPerKwh: options.tariffs.feedInPerKwh,
      // The retailer raises its price halfway, so that a slot's own tariff matters.
      retailPerKwh: Array.from({ length: slots }, (_, slot) =>
        slot < slots / 2 ? 320_000n : 350_000n,
      ),
      // And the community price goes by the hour of day.
      communityPerKwh: Array.from({ length: 24 }, (_, hour) =>
        hour % 2 === 0 ? 200_000n : 210_000n,
      ),
    },
    outage: { firstSlot: first + outage[0], endSlot: first + outage[1] },
  },
  new AbortController().signal,
);
const { euro, ...addresses } = wattline.addresses;
const played = {
  rpcUrl,
  deployment: { chainId: wattline.chainId, ...addresses, fromBlock: 0 },
  euro,
  communities: communities.map(({ microgrid, operator, dso, households: homes }) => ({
    microgrid,
    operator: operator.address,
    dso: dso.address,
    households: homes.map(({ name, address, device }) => ({
      name,
      address,
      meter: device.address,
    })),
  })),
  firstSlot: first,
  slots,
  summary,
};
console.log(
  `PLAYED ${JSON.stringify(played, (_, value) => (typeof value === "bigint" ? `${value}` : value))}`,
);
process.once("SIGTERM", () => void server.close().finally(() => process.exit()));
