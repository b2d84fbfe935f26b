import { zeroAddress } from "viem";
import { SOURCES } from "../../energyId.ts";
import type { AcceptAct } from "../../history/acts.ts";
import { movedWh } from "../../history/moves.ts";
import type { CallOf } from "../calls.ts";
import { bookMove, credit, debit, fill, payDsos } from "../ledger.ts";
import { runOf, slotsOf } from "../runs.ts";
import { expect, expectEqual, type Scene } from "../scene.ts";
import { isArrival, judgeCrossing, wayWithin } from "./crossing.ts";
import { chargeDue, type Deal, judgeDeal } from "./deals.ts";

/** A purchase of minted energy: order, price, charge, loss, and that money and energy went where they should. */
export async function judgeAccept(
  scene: Scene,
  act: AcceptAct,
  call: CallOf<"accept"> | undefined,
): Promise<void> {
  const { traded, sent, arrived, crossed, drawn } = act;
  const { orderHash, maker, taker, nonce, energy: filledWh, cost, charge } = traded.args;
  const [first] = sent.words;
  const [last] = arrived.words;
  const microgrid = first && scene.state.microgrids.get(first.microgrid);
  if (first === undefined || last === undefined || microgrid === undefined) {
    scene.found("logs", "trade-without-energy", { orderHash });
    return;
  }
  const way =
    crossed === undefined ? wayWithin(scene, first.microgrid) : judgeCrossing(scene, crossed);
  const seller = sent.from;
  const buyer = arrived.to;
  const run = runOf(sent.words);
  const deal: Deal = {
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
      ? deal.from === deal.to
      : crossed.args.from === deal.from &&
        crossed.args.to === deal.to &&
        sent.to === zeroAddress &&
        arrived.from === zeroAddress &&
        crossed.args.sentWh === deal.sentWh;
  expect(
    scene,
    "logs",
    parties && throughLine,
    "energy-went-elsewhere",
    { orderHash, seller, buyer },
    deal.from,
  );
  if (crossed !== undefined) {
    expect(
      scene,
      "loss",
      isArrival(
        sent.words.map(({ energy }) => energy),
        arrived.words.map(({ energy }) => energy),
        way.lossBps,
      ),
      "other-loss",
      { from: deal.from, to: deal.to, sentWh: deal.sentWh, arrivedWh: deal.arrivedWh },
      deal.from,
    );
  }
  expectEqual(
    scene,
    "fees",
    crossed === undefined ? "other-network-fee" : "other-wheeling-charge",
    charge,
    chargeDue(way, deal.sentWh),
    deal.from,
  );
  const signer = await judgeDeal(scene, deal, call, way);

  fill(scene, maker, nonce, filledWh);
  debit(scene, deal.currency, buyer, cost);
  credit(scene, deal.currency, seller, cost - charge);
  payDsos(scene, deal.currency, deal.from, deal.to, charge);
  bookMove(scene, sent);
  if (crossed !== undefined) bookMove(scene, arrived);
  scene.row({
    kind: "settlement",
    type: "accept",
    block: scene.blockNumber,
    time: scene.time,
    transaction: scene.transaction,
    logIndex: traded.logIndex,
    seller,
    buyer,
    from: deal.from,
    to: deal.to,
    source: deal.source,
    ...slotsOf(run),
    slotSeconds: microgrid.slotSeconds,
    currency: deal.currency,
    sentWh: deal.sentWh,
    arrivedWh: deal.arrivedWh,
    cost,
    charge,
    refund: 0n,
    bond: 0n,
    orders: [orderHash],
    signers: [signer.by],
  });
}
