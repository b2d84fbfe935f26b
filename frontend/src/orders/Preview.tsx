import { Trans } from "@lingui/react/macro";
import { costMillis, isIslandedIn, type Microgrid, type Order } from "@wattline/sdk";
import { useNetwork } from "../chain/index.ts";
import { Money } from "../ui/index.ts";
import { type DraftContext, type OrderValues, orderOf, readDraft } from "./draft.ts";
import { EscrowNeed } from "./EscrowNeed.tsx";
import { type PricesOfSlots, pricesOf } from "./price.ts";
import { sentenceOf } from "./sentence.ts";

/** What is going to be signed, in a sentence, and what comes of it. */
export function Preview({
  values,
  context,
  microgrid,
}: {
  readonly values: OrderValues;
  readonly context: DraftContext;
  readonly microgrid: Microgrid;
}) {
  const { currency } = useNetwork();
  const { side, slotSeconds, now } = context;
  const orders = previewOf(values, context, microgrid.microgrid);
  const sum = (perKwh: (order: Order) => bigint) =>
    orders.reduce((total, order) => total + costMillis(perKwh(order), BigInt(order.energy)), 0n);
  const atPrices = (pick: (prices: PricesOfSlots) => bigint) =>
    sum((order) => {
      const prices = pricesOf(microgrid, order);
      return prices === undefined ? 0n : pick(prices);
    });
  const total = sum(({ price }) => price);
  const isIslanded = orders.some((order) => isIslandedIn(microgrid, order.firstSlot));
  const needed = side === "bid" ? total : sum(({ bond }) => bond);
  return (
    <>
      <section
        aria-live="polite"
        className="rounded-xl border-l-4 border-l-leaf bg-leaf-soft px-4 py-3 text-sm"
      >
        <h3 className="font-semibold">
          <Trans>What you sign</Trans>
        </h3>
        {orders.length === 0 ? (
          <p className="text-muted">
            <Trans>Fill in the form, and it is said here in a sentence.</Trans>
          </p>
        ) : (
          <>
            <p>{sentenceOf(orders, { slotSeconds, now, currency })}</p>
            <p className="mt-1 text-muted">
              {side === "offer" ? (
                total === 0n ? (
                  <Trans>It is a gift: you receive nothing for it.</Trans>
                ) : isIslanded ? (
                  <Trans>
                    If all is taken you receive <Money millis={total} />. While the microgrid is
                    islanded there is no grid to sell to.
                  </Trans>
                ) : (
                  <Trans>
                    If all is taken you receive <Money millis={total} />; the grid would pay{" "}
                    <Money millis={atPrices(({ feedIn }) => feedIn)} />.
                  </Trans>
                )
              ) : isIslanded ? (
                <Trans>
                  If all is filled you pay <Money millis={total} /> at most. While the microgrid is
                  islanded there is no grid to buy from.
                </Trans>
              ) : (
                <Trans>
                  If all is filled you pay <Money millis={total} /> at most; the grid would charge{" "}
                  <Money millis={atPrices(({ retail }) => retail)} />.
                </Trans>
              )}
            </p>
          </>
        )}
      </section>
      {needed > 0n && <EscrowNeed neededMillis={needed} />}
    </>
  );
}

/** The orders as they would be signed, but for their nonces; none while the form has faults. */
function previewOf(values: OrderValues, context: DraftContext, microgrid: number): Order[] {
  const read = readDraft(values, context);
  if (!read.success) return [];
  const { maker, slotSeconds, now } = context;
  const order = orderOf(read.data);
  try {
    return read.data.terms.map((terms, index) =>
      order({ maker, microgrid, slotSeconds, now, nonce: BigInt(index) }, terms),
    );
  } catch (error) {
    // What an order can't be is said at its field once it is to be signed.
    if (error instanceof RangeError) return [];
    throw error;
  }
}
