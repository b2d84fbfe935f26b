import type { AuditResult } from "@wattline/audit/command";
import {
  type AuditState,
  blockOf,
  type Deployment,
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
import { type Address, getAddress, zeroAddress } from "viem";
import { allowanceKey, fillIn, seriesOf } from "../../../sdk/src/audit/state.ts";
import type { RelayClient } from "../../../services/relay/src/client.ts";

/**
 * Expects a relay to say of orders what an audit's sums come to by the sdk's rule, for orders that keys have signed. What
 * else becomes of an order whose time is over matters to nobody: then it is enough that nobody takes it for open.
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

const TIME_IS_OVER: ReadonlySet<string> = new Set(["Orders_Expired", "Meters_SlotStarted"]);

async function factsOf(
  state: AuditState,
  signed: SignedOrder,
  domain: ReturnType<typeof marketDomain>,
  nowSeconds: number,
): Promise<OrderFacts> {
  const { order } = signed;
  const maker = getAddress(order.maker);
  const community = state.microgrids.get(order.microgrid);
  const currency = community?.currency ?? zeroAddress;
  const { balance = 0n, counter = 0n } = state.accounts.get(currency)?.get(maker) ?? {};
  const allowanceOf = (delegate: Address) =>
    state.allowances.get(allowanceKey(maker, currency, getAddress(delegate))) ?? 0n;
  const signer = await signerOf(domain, signed, {
    recover: recoverSlowly,
    isDelegate: (delegate) => allowanceOf(delegate) > 0n,
    isAccepted: () => false,
  });
  const meter = state.meters.get(getAddress(order.meter));
  const source = SOURCES[meter?.source ?? -1];
  return {
    nowSeconds,
    microgrid: community && {
      currency,
      slotSeconds: community.slotSeconds,
      mode: community.mode,
      networkFeePerKwh: community.networkFee,
      feedInPerKwh: community.feedIn,
      islandPriceCapPerKwh: community.islandPriceCap,
      reportingDeadlineSeconds: community.reportingDeadline,
    },
    account: { balance, counter },
    fill: fillIn(state, maker, order.nonce),
    signer,
    allowance: signer?.by === "delegate" ? allowanceOf(signer.delegate) : 0n,
    meter: meter && source && { ...meter, source },
    heldWh: heldIn(state, maker, order),
  };
}

/** What the maker holds of the order's sources in the order's slots. */
function heldIn({ energy }: AuditState, maker: Address, order: Order): bigint {
  let heldWh = 0n;
  for (const index of SOURCES.keys()) {
    if (((order.sources >> index) & 1) === 0) continue;
    for (const [block, word] of energy.get(maker)?.get(seriesOf(order.microgrid, index)) ?? []) {
      if (block < blockOf(order.firstSlot) || block > blockOf(order.lastSlot)) continue;
      for (let lane = 0; lane < LANES; lane++) {
        const slot = block * LANES + lane;
        if (slot >= order.firstSlot && slot <= order.lastSlot) heldWh += laneOf(word, lane);
      }
    }
  }
  return heldWh;
}
