import { decodeFunctionResult, encodeFunctionData } from "viem";
import { metersAbi } from "../../abi/meters.ts";
import type { Contracts } from "../../history/events.ts";
import { type AuditState, reportedIn } from "../state.ts";
import { answered, type Question, wordsOf } from "./question.ts";

export function* meterQuestions({ meters }: AuditState, contracts: Contracts): Generator<Question> {
  for (const [meter, due] of meters) {
    yield {
      check: "state",
      subject: `meter ${meter}`,
      expects: Object.values(due).join(" "),
      to: contracts.meters,
      get data() {
        return encodeFunctionData({ abi: metersAbi, functionName: "meterOf", args: [meter] });
      },
      judge: answered("meterOf", (data) => {
        const found = decodeFunctionResult({ abi: metersAbi, functionName: "meterOf", data });
        const isSame = METER_MEMBERS.every((member) => found[member] === due[member]);
        return isSame ? undefined : { code: "meter-differs", values: { meter } };
      }),
    };
  }
}

const METER_MEMBERS = [
  ...(["owner", "microgrid", "source", "capacityW", "critical", "firstSlot", "active"] as const),
  ...(["pendingOwner", "movingTo", "promisedEnd", "retiredSlot", "offers"] as const),
];

export function* deliveryQuestions(state: AuditState, { meters }: Contracts): Generator<Question> {
  for (const [meter, deliveries] of state.deliveries) {
    for (const [blockNumber, { committed, delivered }] of deliveries) {
      const due = [committed, delivered, reportedIn(state, meter, blockNumber)];
      yield {
        check: "state",
        subject: `delivery ${meter} ${blockNumber}`,
        expects: due.join(" "),
        to: meters,
        get data() {
          return encodeFunctionData({
            abi: metersAbi,
            functionName: "deliveryOf",
            args: [meter, blockNumber],
          });
        },
        judge: answered("deliveryOf", (data) => {
          const found = wordsOf(data);
          return due.every((word, index) => word === found[index])
            ? undefined
            : { code: "delivery-differs", values: { meter, block: blockNumber } };
        }),
      };
    }
  }
}

export function* reportQuestions(
  { reported }: AuditState,
  { meters }: Contracts,
): Generator<Question> {
  for (const [meter, words] of reported) {
    for (const [key, flags] of words) {
      // One slot of each 256 is enough: the last reported one.
      const slot = key * 256 + flags.toString(2).length - 1;
      if (flags === 0n) continue;
      yield {
        check: "state",
        subject: `reported ${meter} ${key}`,
        expects: `${flags}`,
        to: meters,
        get data() {
          return encodeFunctionData({
            abi: metersAbi,
            functionName: "isReported",
            args: [meter, slot],
          });
        },
        judge: answered("isReported", (data) =>
          BigInt(data) === 1n ? undefined : { code: "not-reported", values: { slot, meter } },
        ),
      };
    }
  }
}
