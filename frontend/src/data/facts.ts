import {
  blockOf,
  LANES,
  laneOf,
  type MeterFacts,
  type MicrogridFacts,
  modeAt,
  type Order,
  type OrderFacts,
  SIDES,
  type Signer,
  SOURCES,
  slotAt,
  sourceMask,
} from "@wattline/sdk";
import { type Address, isAddressEqual, zeroAddress } from "viem";
import { getBlock, readContract } from "viem/actions";
import type { ChainContext } from "../chain/index.ts";

/** What the chain says of an order that `signer` has signed: what `judgeOrder` judges by. */
export async function readFacts(
  context: ChainContext,
  order: Order,
  signer: Signer,
): Promise<OrderFacts> {
  const { client, contracts, network } = context;
  const { marketplace } = contracts;
  const { maker } = order;
  const currency = network.currency.address;
  const [{ timestamp }, microgrid] = await Promise.all([
    getBlock(client),
    readMicrogrid(context, order.microgrid),
  ]);
  const nowSeconds = Number(timestamp);
  const [account, [filledWh, cancelled], allowance, meter, heldWh] = await Promise.all([
    readContract(client, { ...marketplace, functionName: "accountOf", args: [currency, maker] }),
    readContract(client, { ...marketplace, functionName: "fillOf", args: [maker, order.nonce] }),
    signer.by !== "delegate"
      ? 0n
      : readContract(client, {
          ...marketplace,
          functionName: "allowanceOf",
          args: [maker, currency, signer.delegate],
        }),
    readMeter(context, order.meter),
    readHeldWh(context, order, slotAt(nowSeconds, microgrid.slotSeconds)),
  ]);
  const fill = { filledWh, cancelled };
  return { nowSeconds, microgrid, account, fill, signer, allowance, meter, heldWh };
}

async function readMicrogrid(
  { client, contracts: { meters } }: ChainContext,
  id: number,
): Promise<MicrogridFacts> {
  const { charter, tariffs, mode } = await readContract(client, {
    ...meters,
    functionName: "microgridOf",
    args: [id],
  });
  return {
    currency: charter.currency,
    slotSeconds: charter.slotSeconds,
    mode: modeAt(mode),
    networkFeePerKwh: tariffs.networkFee,
    feedInPerKwh: tariffs.feedIn,
    islandPriceCapPerKwh: tariffs.islandPriceCap,
    reportingDeadlineSeconds: charter.reportingDeadline,
  };
}

async function readMeter(
  { client, contracts: { meters } }: ChainContext,
  address: Address,
): Promise<MeterFacts | undefined> {
  if (isAddressEqual(address, zeroAddress)) return undefined;
  const found = await readContract(client, {
    ...meters,
    functionName: "meterOf",
    args: [address],
  });
  const source = SOURCES[found.source];
  if (source === undefined || isAddressEqual(found.owner, zeroAddress)) return undefined;
  const { owner, microgrid, capacityW, active } = found;
  return { owner, microgrid, capacityW, active, source };
}

/** Wh that the maker of a spot offer holds of its sources in its slots. Slots to come hold nothing yet. */
async function readHeldWh(context: ChainContext, order: Order, slotNow: number): Promise<bigint> {
  const lastSlot = Math.min(order.lastSlot, slotNow);
  if (SIDES[order.side] !== "offer" || order.forward || lastSlot < order.firstSlot) return 0n;
  const { client, contracts } = context;
  const firstBlock = blockOf(order.firstSlot);
  const blocks = BigInt(blockOf(lastSlot) - firstBlock + 1);
  const profiles = await Promise.all(
    SOURCES.flatMap((source, index) =>
      (order.sources & sourceMask(source)) === 0
        ? []
        : readContract(client, {
            ...contracts.energy,
            functionName: "profileOf",
            args: [order.maker, order.microgrid, index, firstBlock, blocks],
          }),
    ),
  );
  let heldWh = 0n;
  for (let slot = order.firstSlot; slot <= lastSlot; slot++) {
    for (const words of profiles) {
      heldWh += laneOf(words[blockOf(slot) - firstBlock] ?? 0n, slot % LANES);
    }
  }
  return heldWh;
}
