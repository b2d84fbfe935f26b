import { failureOf, faultOf, post, type Reply, type RpcCall } from "./answers.ts";
import { NodeError, type RpcFault } from "./failures.ts";

/** A request that nobody has answered yet. */
interface Waiting extends RpcCall {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface BatchSettings {
  readonly url: string;
  /** The most requests that travel together. */
  readonly batchSize: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** HTTP requests under way at a time; more would only wait at the node. */
const AT_ONCE = 4;

/**
 * Sends requests of one moment together. A node that refuses a batch gets smaller ones, in the end none; what it takes is
 * remembered.
 * @returns Sends a request, once. It throws a NodeError when there is no result.
 */
export function batchesTo(settings: BatchSettings): (call: RpcCall) => Promise<unknown> {
  const { url } = settings;
  const queue: Waiting[] = [];
  /** The most that the node takes at once, as far as it has shown, and what it gets just now. */
  let bound = settings.batchSize;
  let most = bound;
  let underWay = 0;
  let isPlanned = false;

  /** The requests of one moment come from many promises: they are sent when all of those have had their turn. */
  function plan(): void {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(() => {
      isPlanned = false;
      sendMore();
    });
  }

  function sendMore(): void {
    while (queue.length > 0 && underWay < AT_ONCE) {
      underWay++;
      const batch = queue.splice(0, most);
      send(batch)
        .catch((error: unknown) => {
          for (const each of batch) each.reject(error);
        })
        .finally(() => {
          underWay--;
          sendMore();
        });
    }
  }

  /** Sends requests again that came in too large a batch; none is as large from now on. */
  function inSmaller(batch: readonly Waiting[], again = batch): void {
    bound = Math.min(bound, halfOf(batch));
    most = Math.min(most, bound);
    queue.unshift(...again);
  }

  async function send(batch: readonly Waiting[]): Promise<void> {
    const [only] = batch;
    if (only === undefined) return;
    return batch.length === 1 ? sendAlone(only) : sendTogether(batch);
  }

  async function sendAlone(call: Waiting): Promise<void> {
    const reply = await post(url, bodyOf(call, 0), settings);
    const answer = [reply.answers].flat()[0];
    if (answer?.error !== undefined) throw faultOf(url, call, answer.error, reply);
    if (answer === undefined || reply.status >= 400) throw failureOf(url, reply);
    call.resolve(answer.result);
  }

  async function sendTogether(batch: readonly Waiting[]): Promise<void> {
    const reply = await post(url, `[${batch.map(bodyOf).join()}]`, settings).catch(
      (error: unknown) => {
        // A batch that takes too long may be too large.
        if (error instanceof NodeError && /no answer within/.test(error.message)) return undefined;
        throw error;
      },
    );
    if (reply === undefined) return inSmaller(batch);
    const { answers } = reply;
    if (!isList(answers)) {
      const error = refusalOf(batch, reply);
      if (error === undefined) return inSmaller(batch);
      // So many at once may be what was too much.
      most = Math.min(most, halfOf(batch));
      throw error;
    }
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    const again = batch.filter((call, id) => {
      const answer = byId.get(id);
      if (answer === undefined || (answer.error && isAboutBatch(answer.error))) return true;
      if (answer.error === undefined) call.resolve(answer.result);
      else call.reject(faultOf(url, call, answer.error, reply));
      return false;
    });
    if (again.length > 0) inSmaller(batch, again);
    else most = Math.min(most + 1, bound);
  }

  /** Why none of a batch is answered; undefined when it is because they came together. */
  function refusalOf([first]: readonly Waiting[], reply: Reply): NodeError | undefined {
    const { status, answers } = reply;
    const fault = isList(answers) ? undefined : answers?.error;
    const error = fault && first ? faultOf(url, first, fault, reply) : failureOf(url, reply);
    if (error.kind === "limited") return error;
    return TRANSIENT.includes(status) ? error : undefined;
  }

  return (call) =>
    new Promise((resolve, reject) => {
      queue.push({ ...call, resolve, reject });
      plan();
    });
}

const halfOf = (batch: readonly Waiting[]): number => Math.max(1, Math.floor(batch.length / 2));

/** Statuses that tell nothing about a batch. */
const TRANSIENT = [408, 502, 504];

const isList = (
  answers: Reply["answers"],
): answers is Extract<Reply["answers"], readonly unknown[]> => Array.isArray(answers);

const bodyOf = ({ method, params }: RpcCall, id: number): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });

/** An error in a batch that the request would not have alone. */
const isAboutBatch = ({ code, message }: RpcFault): boolean =>
  /\bbatch/i.test(message) || (code === -32_003 && /too (large|big)/i.test(message));
