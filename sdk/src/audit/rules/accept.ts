import { zeroAddress } from "viem";
import { SOURCES } from "../../energyId.ts";
import type { AcceptAct } from "../../history/acts.ts";
import { movedWh } from "../../history/moves.ts";
import type { CallOf } from "../calls.ts";
import { type AuditContext, expect, expectEqual } from "../context.ts";
import { credit, debit, fill, payDsos, recordMove } from "../ledger.ts";
import { runOf, slotsOf } from "../runs.ts";
import { isArrival, judgeCrossing, wayWithin } from "./crossing.ts";
import { chargeDue, judgeTakenOrder, type TakenOrder } from "./takenOrder.ts";

/** A purchase of minted energy: order, price, charge, loss, and where money and energy went. */
export async function judgeAccept(
  context: AuditContext,
  act: AcceptAct,
  call: CallOf<"accept"> | undefined,
): Promise<void> {
  const { traded, sent, arrived, crossed, drawn } = act;
  const { orderHash, maker, taker, nonce, energy: filledWh, cost, charge } = traded.args;
  const [first] = sent.words;
  const [last] = arrived.words;
  const microgrid = first && context.state.microgrids.get(first.microgrid);
  if (first === undefined || last === undefined || microgrid === undefined) {
    context.found("logs", "trade-without-energy", { orderHash });
    return;
  }
  const way =
    crossed === undefined ? wayWithin(context, first.microgrid) : judgeCrossing(context, crossed);
  const seller = sent.from;
  const buyer = arrived.to;
  const run = runOf(sent.words);
  const taken: TakenOrder = {
    forward: false,
    orderHash,
    maker,
    seller,
    buyer,
    from: first.microgrid,
    to: last.microgrid,
    source: SOURCES.indexOf(first.source),
    currency: microgrid.currency,
    firstBlock: run.firstBlock,
    energy: run.words,
    sentWh: movedWh(sent),
    arrivedWh: movedWh(arrived),
    filledWh,
    due: cost - charge,
    charge,
    bonded: 0n,
    drawn,
  };
  const parties = (maker === seller && taker === buyer) || (maker === buyer && taker === seller);
  const throughLine =
    crossed === undefined
      ? taken.from === taken.to
      : crossed.args.from === taken.from &&
        crossed.args.to === taken.to &&
        sent.to === zeroAddress &&
        arrived.from === zeroAddress &&
        crossed.args.sentWh === taken.sentWh;
  expect(
    context,
    "logs",
    parties && throughLine,
    "energy-went-elsewhere",
    { orderHash, seller, buyer },
    taken.from,
  );
  if (crossed !== undefined) {
    expect(
      context,
      "loss",
      isArrival(
        sent.words.map(({ energy }) => energy),
        arrived.words.map(({ energy }) => energy),
        way.lossBps,
      ),
      "other-loss",
      { from: taken.from, to: taken.to, sentWh: taken.sentWh, arrivedWh: taken.arrivedWh },
      taken.from,
    );
  }
  expectEqual(
    context,
    "fees",
    crossed === undefined ? "other-network-fee" : "other-wheeling-charge",
    charge,
    chargeDue(way, taken.sentWh),
    taken.from,
  );
  const signer = await judgeTakenOrder(context, taken, call, way);

  fill(context, maker, nonce, filledWh);
  debit(context, taken.currency, buyer, cost);
  credit(context, taken.currency, seller, cost - charge);
  payDsos(context, taken.currency, taken.from, taken.to, charge);
  recordMove(context, sent);
  if (crossed !== undefined) recordMove(context, arrived);
  context.row({
    kind: "settlement",
    type: "accept",
    block: context.blockNumber,
    time: context.time,
    transaction: context.transaction,
    logIndex: traded.logIndex,
    seller,
    buyer,
    from: taken.from,
    to: taken.to,
    source: taken.source,
    ...slotsOf(run),
    slotSeconds: microgrid.slotSeconds,
    currency: taken.currency,
    sentWh: taken.sentWh,
    arrivedWh: taken.arrivedWh,
    cost,
    charge,
    refund: 0n,
    bond: 0n,
    orders: [orderHash],
    signers: [signer.by],
  });
}
