import { type CommunitySeries, generateCommunity } from "@wattline/community/profiles";
import {
  AHEAD_SECONDS,
  buildContracts,
  type Chain,
  localAccount,
  openChain,
  type Played,
  play,
  type SimulationOptions,
} from "@wattline/community/simulation";
import {
  type EnergyBySlot,
  marketDomain,
  marketplaceAbi,
  metersDomain,
  ORDER_TYPES,
  type Order,
  type Position,
  packProfile,
  packReading,
  READING_TYPES,
  sourceIndex,
} from "@wattline/sdk";
import type { ContractTransactionResponse } from "ethers";
import { decodeEventLog, type Hex, zeroAddress } from "viem";
import { startAnvil } from "../../../relay/test/support/node.ts";

/** Wattline with a history, on a chain that others share. */
export interface History extends Played {
  readonly market: SimulationOptions["market"];
  /** As `--deployment` takes it. */
  readonly deployment: {
    readonly chainId: number;
    readonly marketplace: string;
    readonly microgrids: string;
    readonly meters: string;
    readonly energy: string;
    readonly fromBlock: number;
  };
}

export interface PlayedChain {
  readonly rpc: string;
  readonly chain: Chain;
  readonly histories: readonly History[];
  close(): Promise<void>;
}

/** From 10:00 on, three blocks of eight slots: sun and trade, and an outage in the second. */
const [FIRST_SLOT, SLOTS] = [40, 24];
const OUTAGE = [50, 54] as const;
const HOMES = 4;
const PAST_DAYS = 4;
const FEED_IN = 80_000n;
const RETAIL = 320_000n;

const nothing = new AbortController().signal;

/** A real node on a port, with some hours of two communities for each of `markets`, a day apart. */
export async function playChain(
  markets: readonly SimulationOptions["market"][],
): Promise<PlayedChain> {
  await buildContracts();
  const startsAt = startOf(seriesOf(1, 0));
  const { rpcUrl: rpc, stop } = await startAnvil(startsAt - AHEAD_SECONDS);
  const chain = await openChain(rpc, startsAt);
  const histories: History[] = [];
  for (const [day, market] of markets.entries()) {
    const fromBlock = await chain.ethers.provider.getBlockNumber();
    const first = seriesOf(1, day);
    const midnight = first.firstSlot - FIRST_SLOT;
    const played = await play(
      chain,
      {
        communities: [first, { ...seriesOf(2, day), name: "Buchental" }],
        tariffs: { feedInPerKwh: FEED_IN, retailPerKwh: new Array(SLOTS).fill(RETAIL) },
        market,
        isPlanned: true,
        outage: { firstSlot: midnight + OUTAGE[0], endSlot: midnight + OUTAGE[1] },
      },
      nothing,
    );
    const { chainId, addresses } = played.wattline;
    const { marketplace, microgrids, meters, energy } = addresses;
    histories.push({
      ...played,
      market,
      deployment: { chainId, marketplace, microgrids, meters, energy, fromBlock },
    });
  }
  return {
    rpc,
    chain,
    histories,
    async close() {
      await chain.close();
      await stop();
    },
  };
}

const startOf = ({ firstSlot, slotSeconds }: CommunitySeries): number => firstSlot * slotSeconds;

/** Some hours of some homes of a built-in town, whose agents know the days before: without them nothing is sold forward. */
function seriesOf(seed: number, day: number): CommunitySeries {
  const from = `2026-06-${21 + day - PAST_DAYS}`;
  const whole = generateCommunity({ seed, from, days: PAST_DAYS + 1 });
  const start = (whole.slots / (PAST_DAYS + 1)) * PAST_DAYS + FIRST_SLOT;
  const cut = (energyWh: readonly bigint[]) => energyWh.slice(start, start + SLOTS);
  return {
    ...whole,
    firstSlot: whole.firstSlot + start,
    slots: SLOTS,
    households: [...whole.households.slice(0, HOMES - 1), ...whole.households.slice(-1)].map(
      (home) => ({
        ...home,
        loadWh: cut(home.loadWh),
        producedWh: cut(home.producedWh),
        exportedWh: cut(home.exportedWh),
        importedWh: cut(home.importedWh),
        past: {
          exportedWh: home.exportedWh.slice(0, start),
          importedWh: home.importedWh.slice(0, start),
        },
      }),
    ),
  };
}

/** Somebody's hands on a history: for what a simulated day does not do, and for frauds. */
export function handsOn(chain: Chain, { wattline, communities }: History) {
  const { marketplace, energy, addresses, chainId } = wattline;
  const [community] = communities;
  if (community === undefined) throw new Error("Nobody lives there.");
  const { dso, households, series } = community;
  const [jane, neighbour] = households;
  if (jane === undefined || neighbour === undefined) throw new Error("Too few live there.");
  const [seller, buyer] = [jane, neighbour];
  let nonce = 1_000_000n;

  /** What the DSO holds of a slot: it buys what neighbours leave. */
  async function held(): Promise<{ slot: number; wh: bigint }> {
    for (let slot = series.firstSlot; slot < series.firstSlot + series.slots; slot++) {
      const id = (BigInt(community?.microgrid ?? 0) << 40n) | BigInt(slot);
      const wh: bigint = await energy.balanceOf(dso.address, id);
      if (wh > 200n) return { slot, wh };
    }
    throw new Error("The DSO holds nothing.");
  }

  async function orderOf(overrides: Partial<Order> = {}): Promise<Order> {
    const { slot } = await held();
    return {
      maker: dso.address,
      meter: zeroAddress,
      microgrid: community?.microgrid ?? 0,
      side: 0,
      sources: 1,
      firstSlot: slot,
      lastSlot: slot,
      energy: 1_000,
      price: 150_000n,
      forward: false,
      bond: 0n,
      mostAhead: 2 ** 31 - 1,
      crosses: false,
      counterparty: zeroAddress,
      settler: zeroAddress,
      nonce: nonce++,
      counter: (await marketplace.accountOf(addresses.euro, overrides.maker ?? dso.address))
        .counter,
      deadline: (await chain.chainTime()) + 86_400,
      ...overrides,
    };
  }

  const sign = (order: Order, account = dso.account): Promise<Hex> =>
    account.signTypedData({
      domain: marketDomain(chainId, addresses.marketplace),
      types: ORDER_TYPES,
      primaryType: "Order",
      message: { ...order },
    });

  /** @param limit Base units per kWh, all in. */
  function takeOf(order: Order, wh: bigint, limit = order.side === 0 ? 2n ** 127n : 0n) {
    const { firstBlock, words } = packProfile(new Map([[order.firstSlot, wh]]));
    return {
      microgrid: order.microgrid,
      meter: neighbour?.device.address ?? order.meter,
      source: sourceIndex("Solar"),
      schedule: 0,
      takerSchedule: 0,
      firstBlock,
      energy: [...words],
      leastWh: 0,
      limit,
      mostAhead: 2 ** 31 - 1,
    };
  }

  /** Jane's meter, or another key, signs what it exported, and she submits it. */
  async function report(exportedWh: EnergyBySlot, key = seller.device) {
    const { firstBlock, words } = packReading(exportedWh);
    const reading = { meter: seller.device.address, firstBlock, exported: [...words] };
    const signature = await key.signTypedData({
      domain: metersDomain(chainId, addresses.meters),
      types: READING_TYPES,
      primaryType: "Reading",
      message: reading,
    });
    return wattline.meters.connect(seller.signer).report(reading, signature);
  }

  /**
   * Jane promises two slots of tomorrow's noon to her neighbour, and more of the first afterwards, delivers the first in part,
   * and both are released.
   * @param waitSeconds How long after the reading.
   * @param isCalling Whether slots without a reading are called undelivered.
   */
  async function sellShort(waitSeconds = 0, isCalling = false) {
    const slotSeconds = series.slotSeconds;
    const midnight = Math.ceil((await chain.chainTime()) / 86_400) * 86_400;
    const slot = (midnight + 43_200) / slotSeconds;
    const order = await orderOf({
      maker: seller.address,
      meter: seller.device.address,
      firstSlot: slot,
      lastSlot: slot + 1,
      forward: true,
      bond: 50_000n,
      deadline: midnight + 2 * 86_400,
    });
    const signature = await sign(order, seller.account);
    const reserve = async (energyWh: EnergyBySlot): Promise<Position> => {
      const energy = [...packProfile(energyWh).words];
      const take = { ...takeOf(order, 1n), energy };
      return positionIn(await marketplace.connect(buyer.signer).reserve(order, signature, take));
    };
    const first = await reserve(
      new Map([
        [slot, 100n],
        [slot + 1, 50n],
      ]),
    );
    const second = await reserve(new Map([[slot, 50n]]));
    await chain.passTo((slot + 2) * slotSeconds);
    await report(
      new Map([
        [slot, 60n],
        [slot + 1, 50n],
      ]),
    );
    if (waitSeconds > 0) await chain.passTo((await chain.chainTime()) + waitSeconds);
    const releases = [first, second].map(({ energy: promised, ahead, ...terms }) => ({
      position: { ...terms, energy: [...promised], ahead: [...ahead] },
      blocks: 1n,
    }));
    const asBuyer = marketplace.connect(buyer.signer);
    return isCalling ? asBuyer.undelivered(releases) : asBuyer.release(releases);
  }

  /** The position that a transaction made, as its event tells it. */
  async function positionIn(sent: ContractTransactionResponse): Promise<Position> {
    const receipt = await sent.wait();
    for (const { topics, data } of receipt?.logs ?? []) {
      const event = marketplace.interface.parseLog({ topics: [...topics], data });
      if (event?.name !== "Reserved") continue;
      const { args } = decodeEventLog({
        abi: marketplaceAbi,
        eventName: "Reserved",
        topics: topics as [Hex, ...Hex[]],
        data: data as Hex,
      });
      return args.position;
    }
    throw new Error("Nothing was reserved.");
  }

  /** A transaction of somebody without a nonce of ours: the node counts. */
  const impersonate = async (address: string) => {
    const { provider } = chain.connection;
    await provider.request({ method: "hardhat_impersonateAccount", params: [address] });
    await provider.request({
      method: "hardhat_setBalance",
      params: [address, "0x56bc75e2d63100000"],
    });
    return chain.ethers.getSigner(address);
  };

  return {
    dso,
    jane,
    neighbour,
    community,
    held,
    report,
    sellShort,
    orderOf,
    sign,
    takeOf,
    impersonate,
    localAccount,
  };
}
