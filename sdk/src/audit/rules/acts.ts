import { SOURCES } from "../../energyId.ts";
import type { Act, RetireAct } from "../../history/acts.ts";
import { LANES, laneOf } from "../../profile.ts";
import type { Call, CallOf, SeenCalls } from "../calls.ts";
import { bookMove } from "../ledger.ts";
import { expect, type Scene } from "../scene.ts";
import { judgeAccept } from "./accept.ts";
import { judgePlain } from "./plain.ts";
import { judgeReport } from "./readings.ts";
import { judgeRelease } from "./release.ts";
import { judgeReserve } from "./reserve.ts";
import { judgeSettle } from "./settle.ts";

/** Judges what a transaction did, act by act, each beside the call that asked for it. */
export async function judgeActs(
  scene: Scene,
  acts: readonly Act[],
  { calls, hidden }: SeenCalls,
): Promise<void> {
  // Money in and out runs a currency's code, which may call anything: what it calls is hidden.
  const isOpen = hidden || calls.some(({ kind }) => kind === "deposit" || kind === "withdraw");
  const queue = new Queue(calls);
  const askedFor = <Kind extends Call["kind"]>(kind: Kind): CallOf<Kind> | undefined => {
    const call = queue.next(kind);
    expect(
      scene,
      "calldata",
      call !== undefined || isOpen,
      () => `An event says "${kind}"; the transaction asked for no such thing.`,
    );
    return call;
  };
  const releases = calls.flatMap((call) => (call.kind === "release" ? call.releases : []));
  let released = 0;

  for (const act of acts) {
    switch (act.kind) {
      case "report":
        judgeReport(scene, act, askedFor("report"));
        break;
      case "accept":
        await judgeAccept(scene, act, askedFor("accept"));
        break;
      case "settle":
        await judgeSettle(scene, act, askedFor("settle"));
        break;
      case "reserve":
        await judgeReserve(scene, act, askedFor("reserve"));
        break;
      case "release": {
        const asked = releases[released++];
        expect(
          scene,
          "calldata",
          asked === undefined ? isOpen : asked.blockNumber === act.released.args.blockNumber,
          () => "Another block of a position was released than the transaction asked for.",
          { positionId: act.released.args.positionId },
        );
        judgeRelease(scene, act);
        break;
      }
      case "retire":
        judgeRetire(scene, act);
        break;
      case "transfer":
        bookMove(scene, act.move);
        break;
      case "plain":
        judgeMoney(scene, act.event, queue);
        judgePlain(scene, act.event);
    }
  }
  const left = queue.left();
  expect(
    scene,
    "calldata",
    left === undefined && released >= releases.length,
    () => `The transaction asked for "${left ?? "release"}" and no event says so.`,
  );
  judgeSolvency(scene);
}

/** What was asked for and not yet seen in an event, by kind. */
class Queue {
  readonly #calls: Call[];

  constructor(calls: readonly Call[]) {
    this.#calls = calls.filter(({ kind }) => kind !== "release");
  }

  next<Kind extends Call["kind"]>(kind: Kind): CallOf<Kind> | undefined {
    const at = this.#calls.findIndex((call) => call.kind === kind);
    const call = at < 0 ? undefined : this.#calls.splice(at, 1)[0];
    return call !== undefined && isOfKind(call, kind) ? call : undefined;
  }

  /** The kind of a call that no event has answered. */
  left(): Call["kind"] | undefined {
    return this.#calls[0]?.kind;
  }
}

const isOfKind = <Kind extends Call["kind"]>(call: Call, kind: Kind): call is Call & CallOf<Kind> =>
  call.kind === kind;

/** Money in may be less than was asked for, as a currency may take a fee; money out is what was asked for. */
function judgeMoney(
  scene: Scene,
  event: Extract<Act, { kind: "plain" }>["event"],
  queue: Queue,
): void {
  if (event.eventName !== "Deposited" && event.eventName !== "Withdrawn") return;
  const { currency, holder, amount } = event.args;
  const call = queue.next(event.eventName === "Deposited" ? "deposit" : "withdraw");
  if (call === undefined) return;
  const fits = call.kind === "deposit" ? amount <= call.amount : amount === call.amount;
  expect(
    scene,
    "calldata",
    fits && call.currency === currency && call.sender === holder,
    () => `${holder} asked to ${call.kind} ${call.amount}; the event says ${amount}.`,
    { holder, currency, asked: call.amount, amount },
  );
}

function judgeRetire(scene: Scene, { retired, burn }: RetireAct): void {
  const { holder, beneficiary, microgrid, source, firstBlock, energy, purpose } = retired.args;
  const due = energy.flatMap((word, offset) =>
    word === 0n ? [] : [{ blockNumber: firstBlock + offset, energy: word }],
  );
  const same =
    burn.from === holder &&
    burn.words.length === due.length &&
    burn.words.every(
      (word, index) =>
        word.microgrid === microgrid &&
        word.source === SOURCES[source] &&
        word.blockNumber === due[index]?.blockNumber &&
        word.energy === due[index]?.energy,
    );
  expect(
    scene,
    "minting",
    same,
    () => `What ${holder} retired is not what was burnt.`,
    { holder },
    microgrid,
  );
  bookMove(scene, burn);
  const community = scene.state.microgrids.get(microgrid);
  scene.row({
    kind: "retirement",
    block: scene.blockNumber,
    time: scene.time,
    transaction: scene.transaction,
    logIndex: retired.logIndex,
    holder,
    beneficiary,
    purpose,
    microgrid,
    microgridName: community?.name ?? "",
    latitudeTenths: community?.latitudeTenths ?? 0,
    longitudeTenths: community?.longitudeTenths ?? 0,
    source,
    slotSeconds: community?.slotSeconds ?? 0,
    energyWh: due.flatMap(({ blockNumber, energy: word }) =>
      Array.from({ length: LANES }, (_, lane) => lane).flatMap((lane) => {
        const wh = laneOf(word, lane);
        return wh === 0n ? [] : [[blockNumber * LANES + lane, wh] as const];
      }),
    ),
  });
}

/** What came in and did not go out is in accounts or locked, to the base unit; a gap is told once, where it opens. */
function judgeSolvency(scene: Scene): void {
  for (const [currency, money] of scene.state.money) {
    const { held, accounts, locked } = money;
    const gap = held - accounts - locked;
    expect(
      scene,
      "escrow",
      gap === money.gap,
      () => `Of ${currency} ${held} are held, and ${accounts + locked} are owed.`,
      { currency, held, accounts, locked },
    );
    money.gap = gap;
  }
}
