import type { Contracts } from "../../history/events.ts";
import type { AuditState } from "../state.ts";
import { energyQuestions, hookQuestions } from "./energy.ts";
import { deliveryQuestions, meterQuestions, reportQuestions } from "./meters.ts";
import { accountQuestions, allowanceQuestions, mandateQuestions } from "./money.ts";
import type { Question } from "./question.ts";
import { fillQuestions, flowQuestions, positionQuestions, rationQuestions } from "./trades.ts";

export type { Question } from "./question.ts";

/**
 * Everything that the chain can be asked about a rebuilt state: accounts, locks, allowances, energy, fills, positions, flows,
 * rations, meters, deliveries, reported slots, the escrow's tokens; and, by simulated calls, whether money can be withdrawn
 * and energy moves without a hook.
 * @param time Unix seconds of the end block.
 */
export function* questionsOn(
  state: AuditState,
  contracts: Contracts,
  time: number,
): Generator<Question> {
  yield* accountQuestions(state, contracts, time);
  yield* allowanceQuestions(state, contracts);
  yield* mandateQuestions(state, contracts);
  yield* energyQuestions(state, contracts);
  yield* fillQuestions(state, contracts);
  yield* positionQuestions(state, contracts);
  yield* flowQuestions(state, contracts);
  yield* rationQuestions(state, contracts);
  yield* meterQuestions(state, contracts);
  yield* deliveryQuestions(state, contracts);
  yield* reportQuestions(state, contracts);
  yield* hookQuestions(state, contracts);
}
