import { expect } from "chai";
import { connectIndexer, IndexerAnswerError, IndexerError } from "../client/index.ts";
import { BLOCKS_HEADER } from "../client/query.ts";

const URL = "http://indexer.invalid";

/** An indexer that gives this answer to everything, and records what it was asked. */
function answering(answer: unknown, status = 200) {
  const asked: string[] = [];
  const fetcher: typeof fetch = async (_, request) => {
    asked.push(String(request?.body));
    return new Response(typeof answer === "string" ? answer : JSON.stringify(answer), { status });
  };
  return { api: connectIndexer(URL, fetcher), asked };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("It did not fail."),
    (error: unknown) => error,
  );
}

describe("The indexer's client", () => {
  it("keeps money and energy as whole numbers of any size", async () => {
    const account = {
      currency: "0xaa",
      holder: "0xbb",
      balanceMillis: (2n ** 128n - 1n).toString(),
      counter: "1",
      lockedUntil: "1782000000",
      deposited: "0",
      withdrawn: "0",
      lockSettler: null,
      lockSigner: null,
      chargesMillis: "0",
    };
    const { api } = answering({
      data: { rows: { items: [account], pageInfo: { hasNextPage: false, endCursor: null } } },
    });
    const [row] = await api.accountsOf("0xBB");
    expect(row?.balanceMillis).to.equal(2n ** 128n - 1n);
    expect(row?.lockedUntil).to.equal(1_782_000_000);
  });

  it("asks for addresses in lower case", async () => {
    const { api, asked } = answering({ data: { row: null } });
    expect(await api.order("0xABCD")).to.equal(undefined);
    expect(asked[0]).to.include("0xabcd").and.not.include("ABCD");
  });

  it("says why the indexer refuses", async () => {
    const { api } = answering({ errors: [{ message: "Invalid cursor" }] });
    const error = await failureOf(api.trades({ cursor: "?" }));
    expect(error).to.be.instanceOf(IndexerError).with.property("message").that.includes("cursor");
  });

  it("names an answer of another shape", async () => {
    const page = { items: [{ id: 1 }], pageInfo: { hasNextPage: false, endCursor: null } };
    const error = await failureOf(answering({ data: { rows: page } }).api.microgrids());
    expect(error).to.be.instanceOf(IndexerAnswerError);
    expect(error).to.have.property("message").that.includes("microgrids.name");
  });

  it("says that a server is not an indexer, or can't be reached", async () => {
    const page = await failureOf(answering("<html>", 502).api.microgrids());
    expect(page).to.be.instanceOf(IndexerError).with.property("message").that.includes("502");
    const gone = connectIndexer(URL, () => Promise.reject(new TypeError("refused")));
    const error = await failureOf(gone.microgrids());
    expect(error).to.be.instanceOf(IndexerError).with.property("message").that.includes("refused");
  });

  it("fails with the reason of the abort", async () => {
    const reason = new Error("The page was left.");
    const api = connectIndexer(URL, (_, request) => Promise.reject(request?.signal?.reason));
    expect(await failureOf(api.microgrids({ signal: AbortSignal.abort(reason) }))).to.equal(reason);
  });

  it("asks again when an indexer behind the same address lags, or breaks off", async () => {
    // What is read while a block comes may have its rows, and may not.
    const blocks = ["9-10", "9-9", undefined, "9-10", "10-10"];
    const answers = blocks.map((header) => async () => {
      if (header === undefined) throw new TypeError("broken off");
      const rows = { items: [], pageInfo: { hasNextPage: false, endCursor: null } };
      const headers = { [BLOCKS_HEADER]: header };
      return new Response(JSON.stringify({ data: { rows } }), { headers });
    });
    let asked = 0;
    const api = connectIndexer("http://several.invalid", () => {
      const answer = answers[asked++] ?? expect.fail("It has asked too often.");
      return answer();
    });
    await api.microgrids();
    expect(asked).to.equal(1);
    await api.microgrids();
    expect(asked).to.equal(5);
  });
});
