/**
 * Collects garbage before the heap grows to several times its live size, with a few megabytes for short-lived objects.
 */
const ENGINE = ["--optimize-for-size", "--max-semi-space-size=2"];
/**
 * glibc allocates blocks above this size by mmap and returns them when freed. By default it raises the threshold to up to
 * 32 MB when it frees a large block, and then keeps freed memory in its heap.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "131072" };

/**
 * Limits this process's memory. The settings are read before a program starts, so the process executes its program again,
 * once, under the same process id. Where that is not possible (Windows), everything works with more memory. Nothing is limited
 * where NODE_OPTIONS sets the space for short-lived objects: who does that has memory to spare.
 * @param engine V8's options that make it small.
 */
export function becomeSmall(engine: readonly string[] = ENGINE): void {
  const { execPath, execArgv, argv, env, platform } = process;
  if (platform === "win32" || process.execve === undefined) return;
  if (env.NODE_OPTIONS?.includes("--max-semi-space-size") === true) return;
  if (engine.every((flag) => execArgv.includes(flag))) return;
  const program = [execPath, ...execArgv, ...engine, ...argv.slice(1)];
  process.execve(execPath, program, { ...ALLOCATOR, ...env });
}
