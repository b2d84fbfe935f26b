/**
 * Resolves in a task of its own: many readings that begin at the same time would keep the page from responding until all
 * have begun. Not by a timer, which browsers slow down in the background.
 */
export const ownTask = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
