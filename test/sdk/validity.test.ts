import {
  ANYONE,
  type ChainLog,
  type ChainView,
  decodeLog,
  FIRST_FIRM_NONCE,
  isPosted,
  type Judgement,
  judgeOrder,
  Microgrids,
  type Order,
  readOrderFacts,
  type SignedOrder,
  signatureFactsIn,
  signerOf,
} from "@wattline/sdk";
import { expect } from "chai";
import { describe, it } from "mocha";
import { type Hex, recoverAddress, zeroAddress } from "viem";
import { afterADay, scene } from "../support/neighbours.ts";
import { hex } from "../support/signatures.ts";
import { DAY, type MeterOf, type Person, START, slot, type World } from "../support/world.ts";

/*
 * An order that the sdk calls live trades; of another the contracts say the same error. Jane has minted energy of the first day,
 * Joe and Ann have money; the clock stands at the day's end.
 */

describe("The sdk's judgement of an order", () => {
  const get = scene(afterADay);
  const TOMORROW = { firstSlot: slot(100), lastSlot: slot(101), forward: true } as const;
  const euro = () => get().world.addresses.euro;
  const market = ({ owner }: MeterOf) => get().world.marketplace.connect(owner.signer);
  const until = START + 10 * DAY;

  interface Case {
    readonly name: string;
    /** Jane's offer, or Joe's bid. */
    readonly side: "offer" | "bid";
    readonly order?: Partial<Order>;
    /** Who signs; the maker unless told otherwise. */
    readonly signer?: () => Person | undefined;
    prepare?(signed: Order): Promise<unknown>;
    /** The contracts' error; undefined when it trades. */
    readonly code?: string;
    /** Who settles it; a stranger unless told otherwise. */
    readonly settler?: () => Person;
  }

  const LIMIT = { settler: ANYONE, price: 10n ** 9n } as const;
  const FIRM = { ...LIMIT, nonce: FIRST_FIRM_NONCE, deadline: until } as const;
  const lockOf = (who: MeterOf, end = until, signer: string = zeroAddress) =>
    market(who).lock(euro(), get().stranger.address, signer, end);
  const authorize = (who: MeterOf, amount: bigint, end = until) =>
    market(who).authorize(euro(), get().stranger.address, amount, end);
  const operator = () => get().world.microgrids.connect(get().world.operator.signer);
  const empty = async (who: MeterOf, leaving: bigint) =>
    market(who).withdraw(euro(), 100_000_000n - leaving, who.owner.address);

  const cases: readonly Case[] = [
    { name: "a posted offer", side: "offer" },
    { name: "a posted bid", side: "bid" },
    { name: "a limit to sell", side: "offer", order: { settler: ANYONE, price: 1n } },
    { name: "a limit to buy far above the community price", side: "bid", order: LIMIT },
    {
      name: "a limit to buy of a household with a little more than the community price",
      side: "bid",
      order: LIMIT,
      prepare: () => empty(get().joe, 1_000n),
    },
    {
      name: "a bid without money",
      side: "bid",
      prepare: () => empty(get().joe, 100n),
      code: "Escrow_InsufficientBalance",
    },
    {
      name: "an offer without energy",
      side: "offer",
      order: { firstSlot: slot(96), lastSlot: slot(96) },
      code: "ERC1155InsufficientBalance",
    },
    {
      name: "a passed deadline",
      side: "offer",
      order: { deadline: START },
      code: "Orders_Expired",
    },
    {
      name: "a raised counter",
      side: "offer",
      prepare: () => market(get().jane).cancelAll(euro()),
      code: "Orders_CounterRaised",
    },
    {
      name: "a cancelled nonce",
      side: "bid",
      prepare: ({ nonce }) => market(get().joe).cancel([nonce]),
      code: "Orders_IsCancelled",
    },
    { name: "no energy", side: "offer", order: { energy: 0 }, code: "Orders_Filled" },
    {
      name: "slots the wrong way round",
      side: "offer",
      order: { firstSlot: slot(3), lastSlot: slot(2) },
      code: "Deals_OutsideSlots",
    },
    { name: "no source", side: "bid", order: { sources: 0 }, code: "Orders_SourceNotNamed" },
    {
      name: "a stranger's signature",
      side: "offer",
      signer: () => get().stranger,
      code: "Orders_BadSignature",
    },
    {
      name: "a delegate's signature",
      side: "offer",
      signer: () => get().stranger,
      prepare: () => authorize(get().jane, 10_000n),
    },
    {
      name: "a delegate whose allowance has ended",
      side: "bid",
      signer: () => get().stranger,
      prepare: async () => {
        const { world } = get();
        const now = await world.networkHelpers.time.latest();
        await authorize(get().joe, 10_000n, now + 60);
        await world.passTo(now + 120);
      },
      code: "Orders_BadSignature",
    },
    {
      name: "a delegate with too small an allowance",
      side: "bid",
      signer: () => get().stranger,
      prepare: () => authorize(get().joe, 100n),
      code: "Orders_AllowanceExceeded",
    },
    {
      name: "locked money",
      side: "bid",
      prepare: () => lockOf(get().joe),
      code: "Escrow_Locked",
    },
    {
      name: "locked money, moved by its settler",
      side: "bid",
      order: LIMIT,
      prepare: () => lockOf(get().joe),
      settler: () => get().stranger,
    },
    { name: "a firm order without a lock", side: "bid", order: FIRM, code: "Orders_NoLock" },
    {
      name: "a firm order",
      side: "bid",
      order: FIRM,
      prepare: () => lockOf(get().joe),
      settler: () => get().stranger,
    },
    {
      name: "a firm order by its lock's signer",
      side: "bid",
      order: FIRM,
      signer: () => get().ann.owner,
      prepare: () => lockOf(get().joe, until, get().ann.owner.address),
      settler: () => get().stranger,
    },
    {
      name: "a firm order beyond its lock",
      side: "bid",
      order: FIRM,
      prepare: () => lockOf(get().joe, until - 1),
      settler: () => get().stranger,
      code: "Orders_NoLock",
    },
    { name: "a forward offer", side: "offer", order: { ...TOMORROW, bond: 1_000n } },
    {
      name: "a forward without money for its bond",
      side: "offer",
      order: { ...TOMORROW, bond: 1_000_000n },
      prepare: () => empty(get().jane, 100n),
      code: "Escrow_InsufficientBalance",
    },
    {
      name: "a forward of no meter",
      side: "offer",
      order: { ...TOMORROW, meter: zeroAddress },
      code: "Meters_Unknown",
    },
    {
      name: "a forward of a retired meter",
      side: "offer",
      order: TOMORROW,
      prepare: () => retire(get().jane),
      code: "Meters_Inactive",
    },
    {
      name: "a forward of a meter on offer",
      side: "offer",
      order: TOMORROW,
      prepare: () =>
        get()
          .world.meters.connect(get().jane.owner.signer)
          .handOverMeter(get().jane.device.address, get().ann.owner.address),
      code: "Meters_Leaving",
    },
    {
      name: "a forward of another source",
      side: "offer",
      order: { ...TOMORROW, sources: 2 },
      code: "Meters_NotSuch",
    },
    {
      name: "a forward that has begun",
      side: "offer",
      order: { ...TOMORROW, firstSlot: slot(90), lastSlot: slot(95) },
      code: "Deals_OutOfTime",
    },
    {
      name: "a closed microgrid",
      side: "offer",
      order: TOMORROW,
      prepare: () => operator().setClosed(get().microgrid, true),
      code: "Deals_Closed",
    },
    {
      name: "an offer above an island's cap",
      side: "offer",
      order: { ...TOMORROW, price: 250_001n },
      prepare: () => operator().setIslanded(get().microgrid, true),
      code: "Deals_PricesDontMeet",
    },
    {
      name: "a bid of an islanded slot for no meter",
      side: "bid",
      order: { ...TOMORROW, meter: zeroAddress },
      prepare: () => operator().setIslanded(get().microgrid, true),
      code: "Deals_Rationed",
    },
    {
      name: "a bid of an islanded slot for its meter",
      side: "bid",
      order: TOMORROW,
      prepare: () => operator().setIslanded(get().microgrid, true),
    },
  ];

  const retire = ({ device, owner }: MeterOf) =>
    get().world.meters.connect(owner.signer).retireMeter(device.address);

  for (const { name, side, order = {}, signer, prepare, code, settler } of cases) {
    it(`agrees with the contracts on ${name}${code === undefined ? "" : `: ${code}`}`, async () => {
      const { world, jane, joe } = get();
      const of = side === "offer" ? jane : joe;
      const named = settler === undefined ? {} : { settler: settler().address };
      const unsigned = world.order(of, { side: side === "offer" ? 0 : 1, ...order, ...named });
      const made =
        order.nonce === FIRST_FIRM_NONCE && settler === undefined
          ? { ...unsigned, settler: get().stranger.address }
          : unsigned;
      const signed = await world.sign(made, signer?.() ?? of.owner);
      await prepare?.(made);
      const judgement = await judge(world, signed);
      const said = await attempt(signed, settler?.());
      const { state, reasons } = judgement;
      if (code === undefined) expect(reasons).to.deep.equal([]);
      else expect(reasons.map((reason) => reason.code)).to.include(code);
      expect(state === "live").to.equal(code === undefined);
      expect(said).to.equal(code);
    });
  }

  /** What the contracts say to a Wh of it; undefined when it trades. */
  async function attempt(
    signed: SignedOrder,
    settler = get().stranger,
  ): Promise<string | undefined> {
    const { world, microgrid, jane, ann } = get();
    const { order } = signed;
    const isOffer = order.side === 0;
    const energyWh = new Map([[order.firstSlot, 1n]]);
    const other = isOffer ? ann : jane;
    if (!isPosted(order)) {
      const counter = isOffer
        ? await world.limitBid(other, 10n ** 9n, { forward: order.forward })
        : await world.limitOffer(other, 0n, { forward: order.forward });
      const [offer, bid] = isOffer ? [signed, counter] : [counter, signed];
      const [reason] = await world.skippedBy(world.settle(settler, [{ offer, bid, energyWh }]));
      return reason;
    }
    const { marketplace } = world;
    const source = Math.max(0, Math.log2(order.sources & -order.sources));
    const take = world.take(energyWh, isOffer, {
      microgrid,
      meter: other.device.address,
      source,
    });
    const by = marketplace.connect(other.owner.signer);
    try {
      await (order.forward
        ? by.reserve.staticCall(order, signed.signature, take)
        : by.accept.staticCall(order, signed.signature, take));
      return undefined;
    } catch (error) {
      const [, found, args = ""] = /custom error '(\w+)\((.*)\)'/.exec(String(error)) ?? [];
      if (found === undefined) throw error;
      if (found !== "Deals_NothingLeft") return found;
      return world.nameOf(args.split(", ").at(-1)?.replaceAll('"', "") ?? "");
    }
  }
});

/** Reads the facts as a relay or the dApp does, and judges. */
async function judge(world: World, signed: SignedOrder): Promise<Judgement> {
  const view = await viewOf(world);
  const recover = (digest: Hex, signature: Hex) => recoverAddress({ hash: digest, signature });
  const facts = signatureFactsIn(view, signed.order, recover);
  const signer = await signerOf(world.domain, signed, facts);
  return judgeOrder(signed.order, await readOrderFacts(view, signed.order, signer));
}

async function viewOf(world: World): Promise<ChainView> {
  const { ethers, networkHelpers, addresses } = world;
  const microgrids = hex(await world.microgrids.getAddress());
  const deployment = {
    marketplace: addresses.market,
    meters: addresses.meters,
    energy: hex(await world.energy.getAddress()),
  };
  const seen = new Microgrids();
  for (const log of await ethers.provider.getLogs({ address: microgrids, fromBlock: 0 })) {
    const block = await ethers.provider.getBlock(log.blockNumber);
    const event = decodeLog({ ...deployment, microgrids }, {
      address: microgrids,
      topics: log.topics.map(hex),
      data: hex(log.data),
      logIndex: log.index,
    } satisfies ChainLog);
    if (event !== undefined) seen.add(event, block?.timestamp ?? 0);
  }
  return {
    deployment,
    nowSeconds: await networkHelpers.time.latest(),
    isOffline: false,
    microgrid: (number) => seen.get(number),
    call: async (to, data) => hex(await ethers.provider.call({ to, data })),
    ask: (to, data, gas) =>
      ethers.provider.call({ to, data, gasLimit: gas }).then(hex, () => undefined),
  };
}
