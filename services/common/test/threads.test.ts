import { openThreads } from "@wattline/common/threads";
import { expect } from "chai";

const script = new URL("./support/halves.ts", import.meta.url);

describe("Threads", () => {
  it("answer each request, whatever the order in which they finish", async () => {
    const threads = openThreads<number, number>(script, { count: 2, workerData: { by: 2 } });
    try {
      const numbers = Array.from({ length: 50 }, (_, i) => 2 * i);
      const halves = await Promise.all(numbers.map((number) => threads.ask(number)));
      expect(halves).to.deep.equal(numbers.map((number) => number / 2));
      expect(await threads.askAll(8)).to.deep.equal([4, 4]);
    } finally {
      await threads.close();
    }
  });

  it("reject a request that they fail at, and go on with the next", async () => {
    const threads = openThreads<number, number>(script, { workerData: { by: 2 } });
    try {
      const failure = await threads.ask(3).catch((error: unknown) => String(error));
      expect(failure).to.contain("3 is odd");
      expect(await threads.ask(4)).to.equal(2);
    } finally {
      await threads.close();
    }
  });

  it("reject what waits when a thread dies, and report it", async () => {
    let died: Error | undefined;
    const threads = openThreads<number, number>(script, {
      workerData: { by: 2 },
      onFailure: (error) => {
        died = error;
      },
    });
    try {
      const failure = await threads.ask(-1).catch((error: unknown) => String(error));
      expect(failure).to.contain("died of -1");
      expect(died?.message).to.contain("died of -1");
    } finally {
      await threads.close();
    }
  });
});
