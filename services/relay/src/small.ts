/**
 * Garbage is collected before the heap has grown to several times of what is alive in it; short-lived objects have few
 * megabytes.
 */
const ENGINE = ["--optimize-for-size", "--max-semi-space-size=2"];
/**
 * glibc takes blocks above this size from the system and gives them back. Left alone it raises the bar to 32 MB with
 * the first large block that it frees, and from then on keeps in its heap what is free between others.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "131072" };

/**
 * Sees to it that this process takes little memory. What decides it is read before a program begins, so the process
 * starts its program anew, once, and stays the same process for whoever started it. Where a process can't do that
 * (Windows), everything works and takes more memory.
 */
export function becomeSmall(): void {
  const { execPath, execArgv, argv, env, platform } = process;
  if (platform === "win32" || process.execve === undefined) return;
  if (ENGINE.every((flag) => execArgv.includes(flag))) return;
  const program = [execPath, ...execArgv, ...ENGINE, ...argv.slice(1)];
  process.execve(execPath, program, { ...ALLOCATOR, ...env });
}
