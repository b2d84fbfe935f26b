/** A thread that halves even numbers, fails at odd ones, and dies of negative ones. */
import { workerData } from "node:worker_threads";
import { answerRequests } from "@wattline/common/threads";

const { by }: { by: number } = workerData;

answerRequests((number: number) => {
  if (number < 0) {
    queueMicrotask(() => {
      throw new Error(`died of ${number}`);
    });
    return new Promise<number>(() => {});
  }
  if (number % by !== 0) throw new Error(`${number} is odd`);
  return number / by;
});
