/** What nodes say of a block that they do not have (any more), when it is asked for by its hash. */
const UNKNOWN_BLOCK = /unknown block|block not found|header not found/i;
/** Such an answer is short; others are passed on unread. */
const LONGEST_REFUSAL = 2_000;
const NOT_FOUND = 404;

/**
 * Lets who asks by `fetch` for what is in a block give up at once when a reorganisation has taken it away. Ponder asks ten times,
 * for a minute in all, and reads no other block meanwhile; for a page that is not found it does not.
 * @returns What undoes this.
 */
export function giveUpVanishedBlocks(): () => void {
  const before = globalThis.fetch;
  globalThis.fetch = async (...request) => {
    const response = await before(...request);
    const length = Number(response.headers.get("content-length") ?? Infinity);
    if (response.status !== 200 || length > LONGEST_REFUSAL) return response;
    const text = await response.text();
    const { headers } = response;
    return new Response(text, { status: isOfVanishedBlock(text) ? NOT_FOUND : 200, headers });
  };
  return () => {
    globalThis.fetch = before;
  };
}

function isOfVanishedBlock(answer: string): boolean {
  try {
    const { error } = JSON.parse(answer);
    return UNKNOWN_BLOCK.test(String(error?.message ?? ""));
  } catch {
    return false;
  }
}
