import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { RpcError } from "@wattline/audit";
import { type BillingRun, runFromJson } from "@wattline/sdk/statements";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { expectBalances, readChain } from "../../scripts/statements/chain.ts";
import { appendRun, ChangedRunError, readRuns } from "../../scripts/statements/runs.ts";
import { readStatementsOptions, writeStatements } from "../../scripts/statements/statements.ts";
import { misbehavingNode } from "../support/misbehavingNode.ts";
import { playStatements } from "./support.ts";

const SCRIPT = path.join(import.meta.dirname, "../../scripts/statements.ts");
const never = new AbortController().signal;

describe("npm run statements", function () {
  this.timeout(240_000);
  let world: Awaited<ReturnType<typeof playStatements>>;

  before(async () => {
    world = await playStatements("forward");
    const members = world.households.map(({ name, address }, index) => ({
      ...{ number: String(index + 1), name, address: ["1 Sunny Lane"], account: address },
      kind: "home",
    }));
    const community = {
      issuer: { name: "Sunny Lane Energy", address: ["1 Sunny Lane"] },
      microgrid: world.microgrid,
      timeZone: "Europe/Vienna",
      language: "en",
      currency: { symbol: "EUR", decimals: 6, shown: 2 },
      numberPrefix: "SL-",
      kinds: {
        home: { sold: { text: { en: "No VAT.", de: "Keine USt." } }, bought: { percent: "20" } },
      },
      members,
    };
    writeFileSync(world.file("community.json"), JSON.stringify(community));
  });
  after(() => world?.close());

  const argumentsOf = (period: string, ...more: string[]): string[] => [
    ...world.flags,
    ...["--community", world.file("community.json"), "--period", period],
    ...["--issued-on", "2026-08-01", "--out", world.file("out"), ...more],
  ];
  function run(period: string, ...more: string[]) {
    const command = readStatementsOptions(argumentsOf(period, ...more));
    if (command === "help") throw new Error("Nobody asked for help.");
    return writeStatements(command, never, true);
  }
  const refusal = (period: string, ...more: string[]): Promise<string> =>
    run(period, ...more).then(
      () => "",
      (error: Error) => error.message,
    );
  const runs = (): string => path.join(world.file("out"), "runs");
  const readRun = (...names: string[]): BillingRun => {
    const file = path.join(world.file("out"), ...names, "run.json");
    return runFromJson(readFileSync(file, "utf8"), file);
  };
  const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n);

  it("makes a preview as often as one likes, and no final run of a period that is not over", async () => {
    for (let twice = 0; twice < 2; twice++) {
      const { lines } = await run("2026-06");
      expect(lines.at(-1)).to.contain("This is a preview");
    }
    expect(readRun("preview").isFinal).to.equal(false);
    expect(await refusal("2026-06", "--final")).to.contain("2026-06 ends at");
    expect(existsSync(runs())).to.equal(false);
  });

  it("says how many accounts it could not compare with the chain", async () => {
    const node = await misbehavingNode(world.rpc, { forgetsAfter: -1 });
    try {
      const { lines } = await run("2026-06", "--rpc", node.url);
      expect(lines.at(-1)).to.contain(`${world.households.length} accounts were computed`);
    } finally {
      await node.close();
    }
  });

  it("refuses a history that comes to another balance than the chain's", async () => {
    const command = readStatementsOptions(argumentsOf("2026-06"));
    if (command === "help") throw new Error("Nobody asked for help.");
    const { history, balanceMillis } = await readChain(command, never, true);
    const [account] = world.households.map(({ address }) => address);
    if (account === undefined) throw new Error("There are no households.");
    const compare = (balance: typeof balanceMillis) =>
      expectBalances(history, world.microgrid, [account], balance);
    expect(await compare(balanceMillis)).to.deep.equal([]);
    const refused = await compare(async (...of) => ((await balanceMillis(...of)) ?? 0n) + 1n).catch(
      (error: Error) => error,
    );
    expect(refused).to.be.instanceOf(RpcError);
  });

  it("makes a final run whose money and energy are those of the neighbours' trades", async () => {
    await world.played.chain.passTo(Date.UTC(2026, 6, 1) / 1000);
    const { lines } = await run("2026-06", "--final");
    expect(lines[0]).to.contain("0001");
    const june = readRun("runs", "0001");
    const documents = june.statements.flatMap((each) => each.documents);
    expect(documents.map(({ number }) => number)).to.deep.equal(
      documents.map((_, index) => `SL-${String(index + 1).padStart(6, "0")}`),
    );
    const members = new Set<string>(world.households.map(({ address }) => address));
    const amongMembers = (direction: string) =>
      documents
        .filter((each) => each.direction === direction)
        .flatMap(({ rows }) => rows)
        .filter(({ counterparty = "" }) => members.has(counterparty));
    const [bought, sold] = [amongMembers("bought"), amongMembers("sold")];
    // What one member bought of another, the other sold, for the same money; others live across the tie line.
    expect(bought).not.to.have.lengthOf(0);
    for (const column of ["energyWh", "amountMillis"] as const) {
      expect(sum(bought.map((row) => row[column]))).to.equal(sum(sold.map((row) => row[column])));
    }
    for (const { account } of june.statements) {
      expect(
        account.openingUnits + sum(account.rows.map(({ amountUnits }) => amountUnits)),
      ).to.equal(account.closingUnits);
    }
    const kinds = new Set(
      june.statements.flatMap(({ account }) => account.rows.map(({ kind }) => kind)),
    );
    expect([...kinds]).to.include.members(["deposit", "locked", "returned"]);
    const files = readdirSync(path.join(runs(), "0001"));
    expect(files).to.include.members([
      "manifest.json",
      "member-1.html",
      "bookkeeping-en.csv",
      "bookkeeping-de.csv",
    ]);
  });

  it("makes no run twice, and goes on with the next period", async () => {
    expect(await refusal("2026-06", "--final")).to.contain("which can't change");
    await world.played.chain.passTo(Date.UTC(2026, 7, 1) / 1000);
    await run("2026-07", "--final");
    expect(readRuns(runs()).runs.map(({ period }) => period.label)).to.deep.equal([
      "2026-06",
      "2026-07",
    ]);
    const [june, july] = [readRun("runs", "0001"), readRun("runs", "0002")];
    expect(july.statements.map(({ account }) => account.openingMillis)).to.deep.equal(
      june.statements.map(({ account }) => account.closingMillis),
    );
  });

  it("refuses a folder in which a final run was changed, added to, or lost", () => {
    const copy = world.file("copy");
    const changes: readonly ((folder: string) => void)[] = [
      (folder) => appendFileSync(path.join(folder, "0001/run.json"), " "),
      (folder) => appendFileSync(path.join(folder, "0002/bookkeeping-en.csv"), "x"),
      (folder) => rmSync(path.join(folder, "0001/member-1.html")),
      (folder) => writeFileSync(path.join(folder, "0001/more.txt"), ""),
      (folder) => appendFileSync(path.join(folder, "0001/manifest.json"), "\n"),
      (folder) => writeFileSync(path.join(folder, "0002/manifest.json"), "{}"),
      (folder) => rmSync(path.join(folder, "0001"), { recursive: true }),
      (folder) => mkdirSync(path.join(folder, "notes")),
    ];
    for (const [index, change] of changes.entries()) {
      rmSync(copy, { recursive: true, force: true });
      cpSync(runs(), copy, { recursive: true });
      change(copy);
      expect(() => readRuns(copy), `change ${index}`).to.throw(ChangedRunError);
    }
  });

  it("leaves nothing half-done when it is killed or comes second", () => {
    const copy = world.file("crashed");
    cpSync(runs(), copy, { recursive: true });
    const before = readRuns(copy);
    // What a crash leaves behind.
    mkdirSync(path.join(copy, ".draft-1"));
    writeFileSync(path.join(copy, ".draft-1/run.json"), "{");
    expect(readRuns(copy)).to.deep.equal(before);
    const july = readRun("runs", "0002");
    appendRun(copy, before, july, [{ name: "a.txt", text: "first" }]);
    expect(() => appendRun(copy, before, july, [{ name: "a.txt", text: "second" }])).to.throw(
      "was written meanwhile",
    );
    expect(readFileSync(path.join(copy, "0003/a.txt"), "utf8")).to.equal("first");
    expect(
      readdirSync(copy)
        .filter((name) => name.startsWith(".draft"))
        .sort(),
    ).to.deep.equal([".draft-1"]);
  });

  it("names options that make no sense, with exit code 2", async () => {
    expect(await refusal("2026-6")).to.contain('"2026-6" is no period');
    expect(await refusal("2026-12")).to.contain("does not follow 2026-07");
    for (const argv of [
      [],
      ["--rpc", world.rpc],
      argumentsOf("2026-08", "--issued-on", "1.8.2026"),
    ]) {
      expect(() => readStatementsOptions(argv, undefined)).to.throw(/^--/);
    }
    const child = spawn(process.execPath, [SCRIPT, ...argumentsOf("2026-06")]);
    let said = "";
    child.stderr.on("data", (data: Buffer) => {
      said += data.toString();
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(2);
    expect(said).to.contain("2026-06 has its final run");
  });
});
