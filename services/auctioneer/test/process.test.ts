import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type SignedOrder, signedOrderToJson } from "@wattline/sdk";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { freePort } from "../../../scripts/testing/ports.ts";
import { until } from "../../../scripts/testing/until.ts";
import { START } from "../../relay/test/support/node.ts";
import { openRelay, type TestRelay } from "../../relay/test/support/relays.ts";
import { START_SLOT } from "../../relay/test/support/world.ts";
import { readSettings } from "../src/config.ts";
import { Operator } from "./support/operator.ts";
import { runAuctioneer, spawnAuctioneer } from "./support/process.ts";
import { sceneOfTests } from "./support/scene.ts";

describe("The command auctioneer", () => {
  const scene = sceneOfTests();
  let operator: Operator;
  let relay: TestRelay | undefined;

  beforeEach(async () => {
    operator = await Operator.of(scene().world, 7);
  });
  afterEach(async () => {
    await scene().world.client.setAutomine(true);
    await operator.remove();
    await relay?.stop();
    relay = undefined;
  });

  const file = (): string => operator.place("auctioneer.toml");
  const slotTime = (slot: number): string =>
    new Date((START + slot * 900) * 1000).toISOString().replace(".000Z", "Z");

  it("killed with its transaction on the way settles it once when it is started again", async () => {
    const { client } = scene().world;
    const offer = await scene().offer();
    await scene().world.pin(scene().joe, [offer, await scene().bid(scene().joe, 2_000)]);
    operator.settings();
    await client.setAutomine(false);
    const folder = operator.place("wattline-auctioneer");
    const first = spawnAuctioneer(file(), "run");
    await until("it is written down", () => {
      if (!existsSync(folder)) return false;
      return readdirSync(folder).some((name) =>
        readFileSync(path.join(folder, name), "utf8").includes("settle"),
      );
    });
    await first.kill();
    const second = spawnAuctioneer(file(), "run");
    await until("it runs", () => second.output().includes("The auctioneer runs as"));
    await until("it is settled", async () => {
      await client.mine({ blocks: 1 });
      return (await scene().filled(offer)) === 2_000n;
    });
    await client.mine({ blocks: 2 });
    await second.kill("SIGTERM");
    expect(second.child.exitCode).to.equal(0);
    const nonce = await client.getTransactionCount({ address: operator.account.address });
    expect(nonce).to.equal(1);
  });

  it("once does all that is due, shows what it did, and ends; run shows metrics and keeps a second one out", async () => {
    const offer = await scene().offer();
    await scene().world.pin(scene().joe, [offer, await scene().bid(scene().joe, 2_000)]);
    operator.settings();
    const { code, output } = await runAuctioneer(file(), "once");
    expect([code, output]).to.deep.equal([0, "Nothing is left to do.\n"]);
    expect(await scene().filled(offer)).to.equal(2_000n);

    const port = await freePort();
    writeFileSync(file(), `${operator.toml()}\n[metrics]\nport = ${port}\n`);
    const running = spawnAuctioneer(file(), "run");
    const metrics = await until("it shows metrics", () =>
      fetch(`http://127.0.0.1:${port}/metrics`).then(
        (response) => response.text(),
        () => undefined,
      ),
    );
    expect(metrics).to.contain("wattline_auctioneer_gas_budget_wei 10000000000000000000");
    const second = await runAuctioneer(file(), "once");
    expect(second.code).to.equal(1);
    expect(second.output).to.contain("Another process is running with");
    await running.kill("SIGTERM");
  });

  it("explains what a household got in a slot, and why", async () => {
    const { joe, ann, bob } = scene();
    relay = await openRelay(scene().world);
    const slot = { firstSlot: START_SLOT + 2, lastSlot: START_SLOT + 2 };
    const orders: SignedOrder[] = [
      await scene().offer({ ...slot, energy: 1_000 }),
      await scene().bid(joe, 200, slot),
      await scene().bid(ann, 9_000, slot),
      await scene().bid(bob, 9_000, slot),
      await scene().bid(joe, 300, { ...slot, price: 150_000n }),
    ];
    await relay.client.post(orders.map(signedOrderToJson));
    operator.settings({ relays: [relay.url] });
    const ask = (who: { readonly address: string }, ...more: string[]) =>
      runAuctioneer(file(), "explain", "--household", who.address, "--slot", slotTime(2), ...more);
    expect((await ask(joe)).output).to.contain("200 Wh of this slot are shared out to it next.");
    await runAuctioneer(file(), "once");

    const anns = await ask(ann);
    expect(anns.output).to.contain("bought 400 Wh");
    expect(anns.output).to.contain("up to a common level, which was 400 Wh");
    const joes = await ask(joe);
    expect(joes.output).to.contain("It is filled: all of its 200 Wh have traded.");
    expect(joes.output).to.contain("limit 150000 is below the community price 200000");
    const json = JSON.parse((await ask(bob, "--json")).output);
    expect(json.orders[0].tradedWh).to.equal("400");
  });

  it("says what is wrong with what it is told", async () => {
    operator.settings();
    const said: readonly [args: readonly string[], words: string][] = [
      [["walk"], '"walk" is no command: run, once or explain'],
      [["explain", "--household", "0x12"], "--household must be an account"],
      [
        ["explain", "--household", scene().joe.address, "--slot", "noon"],
        "--slot must be a time with its offset",
      ],
      [
        ["explain", "--household", scene().joe.address, "--slot", slotTime(0), "--microgrid", "9"],
        "There is no microgrid 9",
      ],
    ];
    for (const [args, words] of said) {
      const { code, output } = await runAuctioneer(file(), ...args);
      expect(output).to.contain(words);
      expect(output).to.not.contain("    at ");
      expect(code).to.equal(1);
    }
  });
});

describe("The auctioneer's configuration", () => {
  let operator: Operator;

  before(async () => {
    // Nothing here asks the chain.
    const zero = "0x5FbDB2315678afecb367f032d93F642f64180aa3" as const;
    const [marketplace, microgrids, meters, energy, board] = [zero, zero, zero, zero, zero];
    const deployment = { chainId: 1, marketplace, microgrids, meters, energy, board, fromBlock: 0 };
    operator = await Operator.of({ deployment, rpcUrl: "http://127.0.0.1:9" }, 7);
  });
  after(() => operator.remove());

  it("that is given as an example is whole", () => {
    copyFileSync("services/auctioneer/auctioneer.example.toml", operator.place("auctioneer.toml"));
    const { config } = readSettings(operator.place("auctioneer.toml"));
    expect(config.gas.most_a_day).to.equal(10n ** 16n);
    expect(config.data).to.equal(operator.place("wattline-auctioneer"));
  });

  const wrong: readonly [what: string, from: string, to: string, words: string][] = [
    ["without a budget", 'most_a_day = "10"', "", "gas.most_a_day"],
    ["with a budget that is no amount", '"10"', '"ten"', 'an amount in quotes, such as "0.01"'],
    ["with a key that does not exist", "least_wh", "least", 'there is no key "least"'],
    ["with nowhere to read orders", "board = true", "board = false", "relays, or board = true"],
    ["with a relay that is no address", "relays = []", 'relays = ["x"]', "an address such as"],
  ];
  for (const [what, from, to, words] of wrong) {
    it(`${what} is refused with file, key and cure`, () => {
      writeFileSync(operator.place("auctioneer.toml"), operator.toml().replace(from, to));
      expect(() => readSettings(operator.place("auctioneer.toml"))).to.throw(words);
    });
  }
});
