import { expect } from "chai";
import { describe, it } from "mocha";
import { isSeen, seenOnce } from "./news.ts";

describe("News that were looked at", () => {
  const first = { key: "first", time: 100 };
  const waiting = { key: "waiting", time: undefined };
  const seen = seenOnce([waiting, first, { key: "older", time: 90 }]);

  it("are older ones, those of the last second that were there, and what waits", () => {
    for (const one of [first, waiting, { key: "late", time: 99 }]) {
      expect(isSeen(one, seen), one.key).to.equal(true);
    }
  });

  it("are not what comes later, also within the same second", () => {
    for (const one of [
      { key: "second", time: 100 },
      { key: "third", time: 101 },
      { key: "due", time: undefined },
    ]) {
      expect(isSeen(one, seen), one.key).to.equal(false);
    }
  });

  it("are none when there were none", () => {
    expect(isSeen(first, seenOnce([]))).to.equal(false);
  });
});
