/** Whether a part answers as it should: `node healthy.ts URL`. Images carry no other program for that. */
const [, , url = ""] = process.argv;

const isHealthy = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(isHealthy ? 0 : 1);
