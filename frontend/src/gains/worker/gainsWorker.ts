import { MeterFileError } from "@wattline/sdk/meterData";
import type { StudyJob, StudyMessage } from "./messages.ts";
import type { Readings } from "./readHomes.ts";
import { runStudy } from "./runStudy.ts";

/* A worker that reads meter files and studies what they would gain. It sends nothing. To cancel a job, the page terminates
the worker. */

const known: Readings = new Map();
const post = (message: StudyMessage): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<StudyJob>) => {
  runStudy(data, known, post).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const fault = error instanceof MeterFileError ? faultOf(error) : undefined;
    post({ kind: "failed", message, fault });
  });
});

const faultOf = ({ file, row, column, value, expected }: MeterFileError) => ({
  file,
  row,
  column,
  value,
  expected,
});
