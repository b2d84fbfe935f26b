import type { AuditResult } from "@wattline/audit/command";
import {
  type AuditState,
  type Deployment,
  type EnergyBySlot,
  hashOrder,
  judgeOrder,
  LANES,
  laneOf,
  marketDomain,
  type Order,
  type OrderFacts,
  recoverSlowly,
  type SignedOrder,
  type SignedOrderJson,
  SOURCES,
  signedOrderFromJson,
  signerOf,
} from "@wattline/sdk";
import { expect } from "chai";
import { type Address, getAddress, isAddressEqual, zeroAddress } from "viem";
import {
  accountOf,
  allowanceKey,
  communitiesIn,
  fillIn,
  seriesOf,
} from "../../../sdk/src/audit/state.ts";
import type { RelayClient } from "../../../services/relay/src/client.ts";

/**
 * Expects a relay's orders to be as an audit's sums imply by the sdk's rule, for orders signed by keys. For an expired
 * order it is enough that the relay does not show it as open.
 */
export async function expectSameBook(
  client: RelayClient,
  { state, end }: AuditResult,
  orders: readonly SignedOrderJson[],
  { chainId, marketplace }: Deployment,
): Promise<void> {
  const domain = marketDomain(chainId, marketplace);
  for (const signed of orders.map(signedOrderFromJson)) {
    const judged = judgeOrder(signed.order, await factsOf(state, signed, domain, end.timestamp));
    const hash = hashOrder(domain, signed.order);
    const told = await client.order(hash);
    const isOver = judged.reasons.some(({ code }) => TIME_IS_OVER.has(code));
    if (isOver) expect(told?.state, hash).to.be.oneOf(["expired", "cancelled", "filled"]);
    else {
      expect([told?.state, told?.remainingWh], hash).to.deep.equal([
        judged.state,
        judged.remainingWh.toString(),
      ]);
    }
  }
}

const TIME_IS_OVER: ReadonlySet<string> = new Set(["Orders_Expired", "Deals_OutOfTime"]);

async function factsOf(
  state: AuditState,
  signed: SignedOrder,
  domain: ReturnType<typeof marketDomain>,
  nowSeconds: number,
): Promise<OrderFacts> {
  const { order } = signed;
  const maker = getAddress(order.maker);
  const microgrid = communitiesIn(state).get(order.microgrid);
  const currency = microgrid?.currency ?? zeroAddress;
  const account = accountOf(state, currency, maker);
  const { balanceMillis, counter, lockedUntil, settler, signer: lockSigner } = account;
  const allowanceOf = (delegate: Address) => {
    const key = allowanceKey(maker, currency, getAddress(delegate));
    const { amountMillis = 0n, untilSeconds = 0 } = state.allowances.get(key) ?? {};
    return { allowanceMillis: amountMillis, untilSeconds };
  };
  const signer = await signerOf(domain, signed, {
    recover: recoverSlowly,
    isDelegate(delegate) {
      const { allowanceMillis, untilSeconds } = allowanceOf(delegate);
      return allowanceMillis > 0n && nowSeconds <= untilSeconds;
    },
    isLockSigner: (recovered) => isAddressEqual(recovered, lockSigner),
    isAccepted: () => false,
  });
  const meter = state.meters.get(getAddress(order.meter));
  const source = SOURCES[meter?.source ?? -1];
  return {
    nowSeconds,
    isOffline: false,
    microgrid,
    account: {
      balanceMillis,
      counter,
      lock:
        lockedUntil === 0 ? undefined : { settler, signer: lockSigner, untilSeconds: lockedUntil },
    },
    fill: fillIn(state, { ...order, maker, currency, settler: getAddress(order.settler) }),
    signer,
    allowance: signer?.by === "delegate" ? allowanceOf(signer.delegate) : undefined,
    meter: meter &&
      source && {
        ...meter,
        source,
        isLeaving: meter.pendingOwner !== zeroAddress || meter.movingTo !== 0,
      },
    heldWh: order.forward ? new Map() : heldIn(state, maker, order),
    promisedWh: promisedIn(state, order),
  };
}

/** What the meter of a forward offer has promised of the order's slots. */
function promisedIn({ deliveries }: AuditState, order: Order): EnergyBySlot {
  const blocks = order.forward ? deliveries.get(getAddress(order.meter)) : undefined;
  const words = [...(blocks ?? [])].map(([block, { committed }]) => [block, committed] as const);
  return whIn(words, order);
}

/** What the maker holds of the order's sources in the order's slots. */
function heldIn({ energy }: AuditState, maker: Address, order: Order): EnergyBySlot {
  const words = [...SOURCES.keys()].flatMap((index) =>
    ((order.sources >> index) & 1) === 0
      ? []
      : [...(energy.get(maker)?.get(seriesOf(order.microgrid, index)) ?? [])],
  );
  return whIn(words, order);
}

/** Wh of an order's slots. */
function whIn(
  words: readonly (readonly [block: number, word: bigint])[],
  { firstSlot, lastSlot }: Order,
): EnergyBySlot {
  const energyWh = new Map<number, bigint>();
  for (const [block, word] of words) {
    for (let lane = 0; lane < LANES; lane++) {
      const slot = block * LANES + lane;
      const wh = laneOf(word, lane);
      if (wh === 0n || slot < firstSlot || slot > lastSlot) continue;
      energyWh.set(slot, (energyWh.get(slot) ?? 0n) + wh);
    }
  }
  return energyWh;
}
