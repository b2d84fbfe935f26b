import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { OptionsError } from "@wattline/common/options";
import { ANYONE, type Check, MANDATE_TYPES, marketDomain } from "@wattline/sdk";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { after, before, describe, it } from "mocha";
import { getAddress, zeroAddress } from "viem";
import { readOptions } from "../src/command/options.ts";
import type { AuditResult } from "../src/run.ts";
import { audit, auditsOf, failedChecks } from "./support/auditing.ts";
import { type History, handsOn, type PlayedChain, playChain } from "./support/history.ts";
import { inOneBlock } from "./support/oneBlock.ts";
import { lyingNode } from "./support/proxy.ts";

const run = promisify(execFile);

describe("npm run audit on an honest chain", function () {
  this.timeout(240_000);
  let played: PlayedChain;
  const audits = auditsOf();

  before(async () => {
    played = await playChain(["accept", "settle", "forward"]);
    await otherWays(played.chain, historyOf("accept"));
  });
  after(async () => {
    await played?.close();
    audits.clear();
  });

  function historyOf(market: History["market"]): History {
    const history = played.histories.find((each) => each.market === market);
    if (history === undefined) throw new Error(`No ${market} was played.`);
    return history;
  }

  const csvOf = (folder: string, name: string): Record<string, string>[] =>
    parse(readFileSync(`${folder}/${name}.csv`, "utf8"), { columns: true });

  const sumOf = (rows: readonly Record<string, string>[], column: string): bigint =>
    rows.reduce((sum, row) => sum + BigInt(row[column] ?? 0), 0n);

  it("passes every check, in all three markets, and leaves none without a case", async () => {
    const checked = new Set<Check>();
    for (const history of played.histories) {
      const result = await audit(audits.commandOf(played.rpc, history));
      expect(result.findings.map(({ message }) => message)).to.deep.equal([]);
      for (const verdict of result.verdicts) if (verdict.checked > 0) checked.add(verdict.check);
    }
    const { verdicts } = await audit(audits.commandOf(played.rpc, historyOf("accept")));
    expect(verdicts.map(({ check }) => check).filter((check) => !checked.has(check))).to.deep.equal(
      [],
    );
  });

  it("writes what the simulation counted", async () => {
    for (const history of played.histories) {
      const command = audits.commandOf(played.rpc, history);
      await audit(command);
      const { summary } = history;
      const settlements = csvOf(command.out, "settlements");
      const readings = csvOf(command.out, "readings");
      const grid = new Set(history.communities.map(({ dso }) => dso.address));
      const between = settlements.filter(
        ({ type, seller, buyer }) =>
          type !== "reserve" &&
          !grid.has(seller as `0x${string}`) &&
          !grid.has(buyer as `0x${string}`),
      );
      // What happened afterwards was not simulated.
      if (history.market !== "accept") {
        expect(sumOf(between, "sent_wh")).to.equal(summary.tradedWh);
        expect(sumOf(readings, "exported_wh")).to.equal(summary.reportedWh);
        const transactions = new Set(readings.map(({ transaction }) => transaction));
        expect(transactions.size).to.equal(summary.readings);
      }
      expect(readings.every(({ signature }) => signature === "valid")).to.equal(true);
    }
  });

  it("says who signed, and sees through a contract wallet where the node offers traces", async () => {
    const command = audits.commandOf(played.rpc, historyOf("accept"));
    const result = await audit(command);
    expect(signersIn(command.out)).to.deep.equal(new Set(["maker", "delegate", "wallet"]));
    expect(unseenIn(result)).to.equal(undefined);
  });

  it("says what it can't see where the node offers none", async () => {
    const node = await lyingNode(played.rpc, ({ method }, result) => {
      if (method === "debug_traceTransaction") throw new Error("no such method");
      return result;
    });
    try {
      const command = audits.commandOf(node.url, historyOf("accept"));
      const result = await audit(command);
      expect(failedChecks(result)).to.deep.equal([]);
      expect(signersIn(command.out)).to.contain("not seen");
      expect(unseenIn(result)).to.equal("through-contract");
    } finally {
      await node.close();
    }
  });

  const signersIn = (folder: string) =>
    new Set(
      csvOf(folder, "settlements")
        .filter(({ type }) => type === "accept")
        .map(({ signers }) => signers),
    );

  const unseenIn = ({ verdicts }: AuditResult) =>
    verdicts.find(({ check }) => check === "order-signature")?.unseenWhy;

  it("issues certificates for what was retired", async () => {
    const command = audits.commandOf(played.rpc, historyOf("accept"));
    await audit(command);
    const { certificates, standard } = JSON.parse(
      readFileSync(`${command.out}/certificates.json`, "utf8"),
    );
    expect(standard).to.contain("EnergyTag");
    expect(certificates).to.have.length(2);
    const [first, second] = certificates;
    expect(first).to.include({
      certificate_bundle_status: "Cancelled",
      bundle_quantity: "40",
      certificate_bundle_id_range_start: "1",
      certificate_bundle_id_range_end: "40",
      energy_source: "solar_pv",
    });
    // The same slot again: another range of the same issue.
    expect(second).to.include({
      issuance_id: first.issuance_id,
      certificate_bundle_id_range_start: "41",
    });
    expect(first.cancellation.purpose).to.equal('=HYPERLINK("x")');
  });

  it("writes a report that stands alone and keeps no path of the endpoint", async () => {
    // Anvil answers at no path but the root's.
    const node = await lyingNode(played.rpc, (_, result) => result);
    const command = audits.commandOf(`${node.url}/secret-key`, historyOf("settle"));
    await audit(command).finally(() => node.close());
    const html = readFileSync(`${command.out}/report.html`, "utf8");
    expect(html).to.contain("Every check passes");
    expect(html).to.not.match(/<script|<link|https?:\/\/(?!127\.0\.0\.1)|secret-key/);
    expect(existsSync(`${command.out}/checkpoint.json`)).to.equal(false);
  });

  it("narrows rows to a microgrid and a range of blocks, and still knows every balance", async () => {
    const history = historyOf("accept");
    const whole = audits.commandOf(played.rpc, history);
    await audit(whole);
    const rows = csvOf(whole.out, "readings").filter(({ microgrid }) => microgrid === "2");
    const middle = rows[Math.floor(rows.length / 2)]?.block ?? "";
    const some = audits.commandOf(
      played.rpc,
      history,
      ...["--microgrid", "2", "--from-block", middle],
    );
    const result = await audit(some);
    expect(failedChecks(result)).to.deep.equal([]);
    expect(csvOf(some.out, "readings")).to.deep.equal(
      rows.filter(({ block }) => Number(block) >= Number(middle)),
    );
  });

  it("finds the other contracts and the first block by the marketplace alone", async () => {
    const history = historyOf("settle");
    const { stdout } = await run(process.execPath, [
      "scripts/audit.ts",
      ...["--rpc", played.rpc, "--marketplace", history.deployment.marketplace],
      ...["--out", `${audits.folder}/by-marketplace`],
    ]);
    expect(stdout).to.contain("Every check passes");
  });

  it("refuses what makes no sense, with exit code 2 and the option's name", async () => {
    const usual = audits.argumentsOf(played.rpc, historyOf("accept"));
    const wrong: [string[], string][] = [
      [[], "--rpc"],
      [["--rpc", "ftp://x"], "--rpc"],
      [["--rpc", played.rpc], "--deployment"],
      [["--rpc", played.rpc, "--marketplace", "0x12"], "--marketplace"],
      [[...usual, "--from-block", "-1"], "--from-block"],
      [[...usual, "--from-block", "9", "--to-block", "8"], "--to-block"],
    ];
    for (const [args, named] of wrong) {
      expect(() => readOptions(args, {}), args.join(" ")).to.throw(OptionsError, named);
    }
    const cases: [string[], string][] = [
      [["--rpc", played.rpc, "--marketplace", `0x${"11".repeat(20)}`], "no marketplace"],
      [[...usual, "--to-block", "99999999"], "--to-block"],
      [[...usual, "--sideways"], "--sideways"],
      [["--rpc", played.rpc, "--deployment", "nowhere.json"], "nowhere.json"],
    ];
    for (const [args, named] of cases) {
      const failure = await run(process.execPath, ["scripts/audit.ts", ...args], {
        env: { ...process.env, WATTLINE_DEPLOYMENT: undefined },
      }).catch((error: { code: number; stderr: string }) => error);
      expect(failure, args.join(" ")).to.include({ code: 2 });
      expect(failure.stderr).to.contain(named);
      expect(failure.stderr).to.not.match(/\n\s+at /);
    }
  });
});

/** What a simulated day does not do: delegates, contract wallets, retirement, locks, cancelling and withdrawing. */
async function otherWays(chain: PlayedChain["chain"], history: History): Promise<void> {
  const { marketplace, euro, energy, addresses } = history.wattline;
  const hands = handsOn(chain, history);
  const { dso, jane, neighbour } = hands;
  const agent = hands.localAccount(90).account;
  const asDso = marketplace.connect(dso.signer);
  const asJane = marketplace.connect(jane.signer);
  const asNeighbour = marketplace.connect(neighbour.signer);

  await asDso.authorize(addresses.euro, agent.address, 1_000_000n, 2 ** 40 - 1);
  const delegated = await hands.orderOf();
  const byAgent = await hands.sign(delegated, agent);
  await asNeighbour.accept(delegated, byAgent, hands.takeOf(delegated, 80n));

  const { firstBlock, energy: words } = hands.takeOf(delegated, 40n);
  for (const purpose of ['=HYPERLINK("x")', "the same again"]) {
    await energy
      .connect(neighbour.signer)
      .retire(delegated.microgrid, 0, firstBlock, words, jane.address, purpose);
  }

  // A contract wallet: it buys by itself, and it bids by the signature of its signer.
  const owner = hands.localAccount(91).account;
  const wallet = await chain.ethers.deployContract("ContractWallet");
  await wallet.setUp(owner.address, 0);
  const address = getAddress(await wallet.getAddress());
  await euro.connect(jane.signer).mint(address, 1_000_000n);
  const plain = await hands.orderOf();
  const signed = await hands.sign(plain);
  const market = marketplace.interface;
  await wallet.execute(
    addresses.euro,
    euro.interface.encodeFunctionData("approve", [addresses.marketplace, 1_000_000n]),
  );
  for (const data of [
    market.encodeFunctionData("deposit", [addresses.euro, 1_000_000n]),
    market.encodeFunctionData("accept", [plain, signed, hands.takeOf(plain, 30n)]),
  ]) {
    await wallet.execute(addresses.marketplace, data);
  }
  const bid = await hands.orderOf({ maker: address, side: 1 });
  const bySigner = await hands.sign(bid, owner);
  await asDso.accept(bid, bySigner, hands.takeOf(bid, 20n));

  await bidForOneBlock(chain, history);

  // A batch of one match that can't be: its offer is cancelled.
  const gone = await hands.orderOf();
  await asDso.cancel([gone.nonce]);
  const wish = await hands.orderOf({ maker: neighbour.address, side: 1, settler: ANYONE });
  const match = {
    ...{ offer: 0, bid: 1, source: 0, schedule: 0, bidSchedule: 0 },
    ...{ firstBlock, energy: hands.takeOf(gone, 9n).energy },
  };
  const signatures = [await hands.sign(gone), await hands.sign(wish, neighbour.account)];
  await asJane.settle([gone, wish], signatures, [match]);

  await hands.sellShort();
  await asJane.cancel([77n]);
  await asJane.cancelAll(addresses.euro);
  await asJane.withdraw(addresses.euro, 500_000n, jane.address);
  const withdrawal = {
    ...{ holder: jane.address, currency: addresses.euro, amount: 1_000n, to: jane.address },
    ...{ nonce: 0n, deadline: (await chain.chainTime()) + 3_600 },
  };
  const mandate = await jane.account.signTypedData({
    domain: marketDomain(history.wattline.chainId, addresses.marketplace),
    types: { Withdrawal: MANDATE_TYPES.Withdrawal },
    primaryType: "Withdrawal",
    message: withdrawal,
  });
  const { holder, currency, amount, to, deadline } = withdrawal;
  await asNeighbour.withdrawFor(holder, currency, amount, to, deadline, mandate);
  await asJane.lock(
    addresses.euro,
    neighbour.address,
    zeroAddress,
    (await chain.chainTime()) + 3_600,
  );
}

/** An account with a key runs a wallet's code for one block only (EIP-7702), in which a bid is filled that only the code accepts. */
async function bidForOneBlock(chain: PlayedChain["chain"], history: History): Promise<void> {
  const { marketplace, euro, addresses } = history.wattline;
  const hands = handsOn(chain, history);
  const { dso, jane } = hands;
  const passing = await chain.wallet(92);
  const honoured = hands.localAccount(93).account;
  await euro.connect(passing.signer).mint(passing.address, 1_000_000n);
  await euro.connect(passing.signer).approve(addresses.marketplace, 1_000_000n);
  await marketplace.connect(passing.signer).deposit(addresses.euro, 1_000_000n);
  const bid = await hands.orderOf({ maker: passing.address, side: 1 });
  const signature = await hands.sign(bid, honoured);
  const take = hands.takeOf(bid, 10n);
  await inOneBlock(chain, passing, honoured.address, jane, (fees) =>
    marketplace.connect(dso.signer).accept(bid, signature, take, fees),
  );
}
