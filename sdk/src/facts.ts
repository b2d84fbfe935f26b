/**
 * What an order's validity depends on, and the one place that reads it from a chain. Relay, dApp and everybody else who judges
 * an order ({@link judgeOrder}) reads the same questions from it, each in its own way of asking a node.
 */
import { type Address, isAddressEqual, zeroAddress } from "viem";
import { energyTokenAbi } from "./abi/energyToken.ts";
import { marketplaceAbi } from "./abi/marketplace.ts";
import { metersAbi } from "./abi/meters.ts";
import {
  type AccountFacts,
  type AllowanceFacts,
  asker,
  type ChainView,
  readAccount,
  readAllowance,
} from "./chainView.ts";
import { isFirm, OFFER } from "./deals/order.ts";
import { SOURCES, type Source, sourceIndex, sourceMask } from "./energyId.ts";
import type { Microgrid } from "./microgrid.ts";
import { blockOf, type EnergyBySlot, type Profile, unpackProfile } from "./profile.ts";
import type { SignatureFacts, Signer } from "./signatures.ts";
import { type SlotRange, slotAt } from "./slots.ts";
import type { Order } from "./typedData.ts";
import { isAcceptance, WALLET_GAS, walletQuestion } from "./walletSignature.ts";

/** The meter that an order names. */
export interface MeterFacts {
  readonly owner: Address;
  readonly microgrid: number;
  readonly source: Source;
  /** The most it can export. */
  readonly capacityW: number;
  readonly critical: boolean;
  readonly active: boolean;
  /** Whether it is on offer to a new owner or about to move: it then promises nothing. */
  readonly isLeaving: boolean;
  /** The first slot after all that it has promised. */
  readonly promisedEnd: number;
}

/** Everything that an order's validity depends on, at one block. */
export interface OrderFacts {
  /** The block's time; the clock's while the chain can't be heard. Unix seconds. */
  readonly nowSeconds: number;
  /** Whether the chain can't be heard: money may then be withdrawn, and orders cancelled, unseen. Only firm orders are sure. */
  readonly isOffline: boolean;
  /** Undefined when there is none of this number. */
  readonly microgrid: Microgrid | undefined;
  readonly account: AccountFacts;
  /** The order's fill, and whether its maker has cancelled it on chain. */
  readonly fill: { readonly filledWh: bigint; readonly cancelled: boolean };
  /** Who signed; undefined when nobody did who may. */
  readonly signer: Signer | undefined;
  /** Of the delegate who signed; undefined when none did. */
  readonly allowance: AllowanceFacts | undefined;
  /** The meter that the order names; undefined when it names none or an unknown one. */
  readonly meter: MeterFacts | undefined;
  /** Of a spot offer: the maker's energy of the named sources in the order's slots. */
  readonly heldWh: EnergyBySlot;
  /** Of a forward offer: what its meter has promised of the order's slots that have not started. */
  readonly promisedWh: EnergyBySlot;
}

const NOTHING: EnergyBySlot = new Map();

/** Without a microgrid there is no currency, so no account to ask for. */
const UNKNOWN = {
  account: { balanceMillis: 0n, counter: 0n, lock: undefined },
  fill: { filledWh: 0n, cancelled: false },
  allowance: undefined,
  meter: undefined,
  heldWh: NOTHING,
  promisedWh: NOTHING,
};

/**
 * Reads what an order's validity depends on.
 * @param signer Who signed it, see {@link signatureFactsIn} for how to find out.
 * @throws what the view throws
 */
export async function readOrderFacts(
  view: ChainView,
  order: Order,
  signer: Signer | undefined | Promise<Signer | undefined>,
): Promise<OrderFacts> {
  const { nowSeconds, isOffline } = view;
  const microgrid = await view.microgrid(order.microgrid);
  const atBlock = { nowSeconds, isOffline, microgrid };
  if (microgrid === undefined) return { ...atBlock, ...UNKNOWN, signer: await signer };
  const { currency, slotSeconds } = microgrid;
  const [account, fill, found, meter, heldWh] = await Promise.all([
    readAccount(view, currency, order.maker),
    readFill(view, currency, order),
    signer,
    readMeter(view, order.meter),
    readHeldWh(view, order, slotSeconds),
  ]);
  const [allowance, promisedWh] = await Promise.all([
    found?.by === "delegate"
      ? readAllowance(view, order.maker, currency, found.delegate)
      : undefined,
    readPromisedWh(view, order, slotSeconds, meter?.promisedEnd ?? 0),
  ]);
  return { ...atBlock, account, fill, signer: found, allowance, meter, heldWh, promisedWh };
}

/**
 * The answers of a chain that `signerOf` needs for an order.
 * @param recover See {@link SignatureFacts}.
 */
export function signatureFactsIn(
  view: ChainView,
  order: Pick<Order, "maker" | "microgrid">,
  recover: SignatureFacts["recover"],
): SignatureFacts {
  const { maker } = order;
  const currencyOf = async () => (await view.microgrid(order.microgrid))?.currency;
  return {
    recover,
    async isDelegate(delegate) {
      const currency = await currencyOf();
      if (currency === undefined) return false;
      const { allowanceMillis, untilSeconds } = await readAllowance(
        view,
        maker,
        currency,
        delegate,
      );
      return allowanceMillis > 0n && view.nowSeconds <= untilSeconds;
    },
    async isLockSigner(signer) {
      const currency = await currencyOf();
      if (currency === undefined) return false;
      const { lock } = await readAccount(view, currency, maker);
      return lock !== undefined && isAddressEqual(lock.signer, signer);
    },
    isAccepted: async (digest, signature) =>
      isAcceptance(await view.ask(maker, walletQuestion(digest, signature), WALLET_GAS)),
  };
}

async function readFill(view: ChainView, currency: Address, order: Order) {
  const { maker, settler, nonce } = order;
  const ask = asker(view, view.deployment.marketplace, marketplaceAbi);
  if (isFirm(order)) {
    const filledWh = await ask("firmFillOf", [maker, currency, settler, nonce]);
    return { filledWh, cancelled: false };
  }
  const [filledWh, cancelled] = await ask("fillOf", [maker, nonce]);
  return { filledWh, cancelled };
}

async function readMeter(view: ChainView, meter: Address): Promise<MeterFacts | undefined> {
  if (isAddressEqual(meter, zeroAddress)) return undefined;
  const found = await asker(view, view.deployment.meters, metersAbi)("meterOf", [meter]);
  const { owner, microgrid, capacityW, critical, active, promisedEnd } = found;
  const source = SOURCES[found.source];
  if (isAddressEqual(owner, zeroAddress) || source === undefined) return undefined;
  const isLeaving = !isAddressEqual(found.pendingOwner, zeroAddress) || found.movingTo !== 0;
  return { owner, microgrid, source, capacityW, critical, active, isLeaving, promisedEnd };
}

/** Only slots that have started hold energy. */
async function readHeldWh(
  view: ChainView,
  order: Order,
  slotSeconds: number,
): Promise<EnergyBySlot> {
  const { firstSlot } = order;
  const lastSlot = Math.min(order.lastSlot, slotAt(view.nowSeconds, slotSeconds));
  if (order.side !== OFFER || order.forward || lastSlot < firstSlot) return NOTHING;
  const named = SOURCES.filter((source) => (order.sources & sourceMask(source)) !== 0);
  const held = await Promise.all(
    named.map((source) => readEnergyWh(view, order, source, { firstSlot, lastSlot })),
  );
  const energyWh = new Map<number, bigint>();
  for (const each of held) {
    for (const [slot, wh] of each) energyWh.set(slot, (energyWh.get(slot) ?? 0n) + wh);
  }
  return energyWh;
}

/** What a maker holds of one source in a run of slots. @throws what the view throws */
export async function readEnergyWh(
  view: ChainView,
  { maker, microgrid }: Pick<Order, "maker" | "microgrid">,
  source: Source,
  { firstSlot, lastSlot }: SlotRange,
): Promise<EnergyBySlot> {
  const ask = asker(view, view.deployment.energy, energyTokenAbi);
  const firstBlock = blockOf(firstSlot);
  const blocks = BigInt(blockOf(lastSlot) - firstBlock + 1);
  const words = await ask("profileOf", [maker, microgrid, sourceIndex(source), firstBlock, blocks]);
  return within({ firstBlock, words }, { firstSlot, lastSlot });
}

/** Only slots that have not started can be promised, and none is from `promisedEnd` on. */
async function readPromisedWh(
  view: ChainView,
  order: Order,
  slotSeconds: number,
  promisedEnd: number,
): Promise<EnergyBySlot> {
  const firstSlot = Math.max(order.firstSlot, slotAt(view.nowSeconds, slotSeconds) + 1);
  const lastSlot = Math.min(order.lastSlot, promisedEnd - 1);
  if (order.side !== OFFER || !order.forward || lastSlot < firstSlot) return NOTHING;
  const ask = asker(view, view.deployment.meters, metersAbi);
  const firstBlock = blockOf(firstSlot);
  const words = await Promise.all(
    Array.from({ length: blockOf(lastSlot) - firstBlock + 1 }, async (_, index) => {
      const [committed] = await ask("deliveryOf", [order.meter, firstBlock + index]);
      return committed;
    }),
  );
  return within({ firstBlock, words }, { firstSlot, lastSlot });
}

/** A profile's energy in a run of slots. */
function within(profile: Profile, { firstSlot, lastSlot }: SlotRange): EnergyBySlot {
  const energyWh = unpackProfile(profile);
  for (const slot of energyWh.keys()) {
    if (slot < firstSlot || slot > lastSlot) energyWh.delete(slot);
  }
  return energyWh;
}
