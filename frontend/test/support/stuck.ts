import type { BrowserContext } from "playwright-core";

/**
 * Lets an indexer stop in the eyes of a context's pages: it goes on answering, with what it knew.
 * @returns Stops it.
 */
export async function stoppable(context: BrowserContext, indexerUrl: string): Promise<() => void> {
  let isStuck = false;
  const known = new Map<string, { readonly status: number; readonly body: string }>();
  await context.route(`${indexerUrl}/**`, async (route) => {
    const request = route.request();
    const key = `${request.method()} ${request.url()} ${request.postData() ?? ""}`;
    const before = known.get(key);
    const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
    if (isStuck && before !== undefined) {
      return route.fulfill({ ...before, headers, contentType: "application/json" });
    }
    const response = await route.fetch();
    known.set(key, { status: response.status(), body: await response.text() });
    return route.fulfill({ response });
  });
  return () => {
    isStuck = true;
  };
}
