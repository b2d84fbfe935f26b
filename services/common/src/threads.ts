import { parentPort, type ResourceLimits, Worker } from "node:worker_threads";

/** Worker threads that answer requests. */
export interface Threads<Request, Answer> {
  /** Asks the next thread. @throws what the thread failed with */
  ask(request: Request): Promise<Answer>;
  /** Asks every thread, so that all are ready when it resolves. */
  askAll(request: Request): Promise<readonly Answer[]>;
  close(): Promise<void>;
}

export interface ThreadOptions {
  /** 1 by default. */
  readonly count?: number;
  /** What the script finds in `workerData`. */
  readonly workerData: unknown;
  readonly resourceLimits?: ResourceLimits;
  /** Called when a thread has died. What waits for an answer is rejected, too. */
  readonly onFailure?: (error: Error) => void;
}

interface Question<Request> {
  readonly id: number;
  readonly request: Request;
}

type Reply<Answer> =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly failure: string };

/**
 * Starts threads that answer requests in turn. They keep the process running only while an answer is awaited.
 * @param script A module that calls {@link answerRequests}.
 */
export function openThreads<Request, Answer>(
  script: URL,
  { count = 1, workerData, resourceLimits, onFailure }: ThreadOptions,
): Threads<Request, Answer> {
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  let lastId = 0;
  let turn = 0;

  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(script, {
      workerData,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    worker.unref();
    worker.on("message", (reply: Reply<Answer>) => {
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (waiting.size === 0) for (const each of workers) each.unref();
      if ("answer" in reply) asked?.resolve(reply.answer);
      else asked?.reject(new Error(reply.failure));
    });
    worker.on("error", (error: Error) => {
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      onFailure?.(error);
    });
    return worker;
  });

  function askOf(worker: Worker | undefined, request: Request): Promise<Answer> {
    const asked = Promise.withResolvers<Answer>();
    const id = ++lastId;
    waiting.set(id, asked);
    worker?.ref();
    worker?.postMessage({ id, request } satisfies Question<Request>);
    return asked.promise;
  }

  return {
    ask: (request) => askOf(workers[turn++ % workers.length], request),
    askAll: (request) => Promise.all(workers.map((worker) => askOf(worker, request))),
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** In a thread: answers every request; what `answer` throws is the request's failure. */
export function answerRequests<Request, Answer>(
  answer: (request: Request) => Promise<Answer> | Answer,
): void {
  const replyTo = async ({ id, request }: Question<Request>): Promise<Reply<Answer>> => {
    try {
      return { id, answer: await answer(request) };
    } catch (error) {
      return { id, failure: String(error) };
    }
  };
  parentPort?.on("message", async (question: Question<Request>) => {
    parentPort?.postMessage(await replyTo(question));
  });
}
