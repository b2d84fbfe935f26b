import type { CommunitySeries } from "@wattline/community/profiles";
import {
  AHEAD_SECONDS,
  buildContracts,
  type MarketName,
  openChain,
  play,
  readOptions,
} from "@wattline/community/simulation";
import type { Deployment } from "@wattline/sdk";
import type { Address } from "viem";
import { type LocalNode, startAnvil } from "../../../relay/test/support/node.ts";

/** What to play. */
export interface Script {
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

/** Some hours of two communities, on a chain that keeps running. */
export interface Played {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  readonly euro: Address;
  readonly communities: readonly {
    readonly microgrid: number;
    readonly operator: Address;
    readonly dso: Address;
    readonly households: readonly {
      readonly name: string;
      readonly address: Address;
      readonly meter: Address;
    }[];
  }[];
  readonly firstSlot: number;
  readonly slots: number;
  /** The simulation's sums; energy and money as decimal strings. */
  readonly summary: {
    readonly [name: string]: string | number;
  } & { readonly households: readonly Readonly<Record<string, string>>[] };
}

/** Plays a script. The second result is the node to stop. */
export async function playOn({
  market,
  skipped,
  slots,
  days = 1,
  households,
  outage,
}: Script): Promise<readonly [Played, LocalNode]> {
  const options = await readOptions([
    ...["--market", market, "--planned"],
    ...["--microgrids", "2", "--days", `${days}`],
  ]);
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
  const firstSlot = here.firstSlot + skipped;
  const startsAt = firstSlot * here.slotSeconds;

  await buildContracts();
  const node = await startAnvil(startsAt - AHEAD_SECONDS);
  try {
    const chain = await openChain(node.rpcUrl, startsAt);
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
        outage: { firstSlot: firstSlot + outage[0], endSlot: firstSlot + outage[1] },
      },
      new AbortController().signal,
    );
    await chain.close();
    const { euro, ...addresses } = wattline.addresses;
    const played = {
      rpcUrl: node.rpcUrl,
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
      firstSlot,
      slots,
      summary,
    };
    return [JSON.parse(JSON.stringify(played, inDigits)), node];
  } catch (error) {
    await node.stop();
    throw error;
  }
}

const inDigits = (_: string, value: unknown): unknown =>
  typeof value === "bigint" ? `${value}` : value;
