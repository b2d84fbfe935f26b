import type {
  Asked,
  FileFault,
  GainRange,
  Gains,
  StudyJob,
  StudyMessage,
  StudyProgress,
} from "./messages.ts";

/** A study could not be finished; `fault` says what is wrong with a file. */
export class StudyError extends Error {
  readonly fault: FileFault | undefined;

  constructor(message: string, fault?: FileFault) {
    super(message);
    this.fault = fault;
  }
}

/** What becomes known while a study runs. */
export interface StudyListener {
  onProgress(progress: StudyProgress): void;
  onGains(gains: Gains): void;
}

/** How a study ended: with questions about files, or with the range over several streets, where there are several. */
export type StudyEnd =
  | { readonly asked: readonly Asked[] }
  | { readonly range: GainRange | undefined };

/** A worker for studies, one at a time. It remembers the files of the last one. */
export function openStudies() {
  let worker: Worker | undefined;

  /** Ends the worker, and with it the study that runs. */
  function close(): void {
    worker?.terminate();
    worker = undefined;
  }

  /**
   * Runs a study.
   * @throws StudyError when a file can't be read; the signal's reason when it is aborted.
   */
  function run(job: StudyJob, signal: AbortSignal, listener: StudyListener): Promise<StudyEnd> {
    signal.throwIfAborted();
    worker ??= new Worker(new URL("./gainsWorker.ts", import.meta.url), { type: "module" });
    const running = worker;
    const listening = new AbortController();
    const options = { signal: listening.signal };
    return new Promise<StudyEnd>((resolve, reject) => {
      running.addEventListener(
        "message",
        ({ data }: MessageEvent<StudyMessage>) => {
          if (data.kind === "progress") listener.onProgress(data);
          else if (data.kind === "gains") listener.onGains(data.gains);
          else if (data.kind === "failed") reject(new StudyError(data.message, data.fault));
          else resolve(data);
        },
        options,
      );
      running.addEventListener(
        "error",
        ({ message }) => {
          close();
          reject(new StudyError(message || "The study's code could not be loaded."));
        },
        options,
      );
      signal.addEventListener(
        "abort",
        () => {
          close();
          reject(signal.reason);
        },
        options,
      );
      running.postMessage(job);
    }).finally(() => listening.abort());
  }

  return { run, close };
}
