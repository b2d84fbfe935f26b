import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { OptionsError } from "@wattline/common/options";
import { buildDelivery, deliveryFromJson } from "@wattline/sdk/statements";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { readChain } from "../../scripts/statements/chain.ts";
import { readDeliveryOptions, writeDelivery } from "../../scripts/statements/delivery.ts";
import { readVerifyOptions, verify } from "../../scripts/statements/verify.ts";
import { type Household, playStatements } from "./support.ts";

const VERIFY = path.join(import.meta.dirname, "../../scripts/verify.ts");
const never = new AbortController().signal;

describe("npm run delivery and npm run verify", function () {
  this.timeout(240_000);
  let world: Awaited<ReturnType<typeof playStatements>>;
  let buyer: Household;
  let importedWh: readonly bigint[];

  before(async () => {
    world = await playStatements();
    const { history } = await readChain(chain(), never, true);
    const bought = (who: Household): number =>
      history.deliveries.filter(({ buyer, isWithGrid }) => buyer === who.address && !isWithGrid)
        .length;
    const found = [...world.households].sort((a, b) => bought(b) - bought(a))[0];
    if (found === undefined || bought(found) === 0) throw new Error("Nobody bought anything.");
    buyer = found;
    importedWh = world.series.households.find(({ name }) => name === buyer.name)?.importedWh ?? [];
    writeFileSync(world.file("export.json"), await world.exportOf(buyer, importedWh));
  });
  after(() => world?.close());

  function chain() {
    const command = readVerifyOptions(["x.json", ...world.flags]);
    if (command === "help") throw new Error("Nobody asked for help.");
    return command;
  }

  const period = () => ({
    from: world.series.firstSlot,
    end: world.series.firstSlot + world.series.slots,
  });

  async function deliver(out: string, ...more: string[]) {
    const { from, end } = period();
    const command = readDeliveryOptions([
      ...world.flags,
      ...["--household", buyer.address, "--microgrid", String(world.microgrid)],
      ...[
        "--from",
        world.timeOf(from).replace(".000", ""),
        "--to",
        world.timeOf(end).replace(".000", ""),
      ],
      ...["--imports", world.file("export.json"), "--out", world.file(out)],
      ...more,
    ]);
    if (command === "help") throw new Error("Nobody asked for help.");
    return writeDelivery(command, never, true);
  }

  const check = (file: string) => verify({ ...chain(), file: world.file(file) }, never, true);
  const textOf = (file: string): string => readFileSync(world.file(file), "utf8");

  it("counts bought energy once it is retired, and verifies it from the node alone", async () => {
    const before = await deliver("before.json");
    expect(before.lines[0]).to.contain("0 kWh count");
    expect((await check("before.json")).holds).to.equal(true);

    const { history } = await readChain(chain(), never, true);
    const { firstSlot, slots } = world.series;
    const request = {
      ...{ household: buyer.address, microgrid: world.microgrid },
      ...{ firstSlot, lastSlot: firstSlot + slots - 1 },
    };
    const { imports } = deliveryFromJson(textOf("before.json"), "before.json");
    const { due } = buildDelivery(history, request, imports);
    expect(due).not.to.have.lengthOf(0);
    for (const each of due) await world.retire(buyer, each);

    const after = await deliver("after.json");
    expect(after.lines).to.have.lengthOf(1);
    const { countsWh, purchases } = deliveryFromJson(textOf("after.json"), "after.json");
    const boughtWh = purchases
      .flatMap(({ energyWh }) => energyWh)
      .reduce((sum, { wh }) => sum + wh, 0n);
    expect(countsWh > 0n && countsWh <= boughtWh).to.equal(true);
    expect(countsWh <= importedWh.reduce((sum, wh) => sum + wh, 0n)).to.equal(true);
    const { holds, lines } = await check("after.json");
    expect(lines.join("\n")).to.contain("after.json holds");
    expect(holds).to.equal(true);
  });

  it("refuses a changed statement by name, with exit code 1", async () => {
    const changed = textOf("after.json").replace(
      /("purchases"[\s\S]*?"wh": ")(\d+)"/,
      (_, start: string, wh: string) => `${start}${BigInt(wh) + 1n}"`,
    );
    writeFileSync(world.file("changed.json"), changed);
    const child = spawn(process.execPath, [VERIFY, world.file("changed.json"), ...world.flags]);
    let out = "";
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString();
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).to.equal(1);
    expect(out).to.contain("purchase-differs: ").and.to.contain("changed.json is refused");
  });

  it("refuses import that another device signed", async () => {
    const other = world.households.find(({ address }) => address !== buyer.address);
    if (other === undefined) throw new Error("Nobody else lives there.");
    const forged = await world.exportOf(buyer, importedWh, other.device);
    writeFileSync(world.file("export.json"), forged);
    await deliver("forged.json");
    const { lines, holds } = await check("forged.json");
    expect(holds).to.equal(false);
    expect(lines[0]).to.match(/^import-signature: Meter 0x/);
  });

  it("names options and files that make no sense", async () => {
    for (const argv of [
      [],
      ["a.json"],
      ["a.json", "b.json"],
      ["a.json", "--rpc", "nowhere"],
      ["--what"],
    ]) {
      expect(() => readVerifyOptions(argv, undefined), argv.join(" ")).to.throw(OptionsError);
    }
    const messageOf = (run: Promise<unknown>): Promise<string> =>
      run.then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await messageOf(deliver("x.json", "--microgrid", "77"))).to.contain("--microgrid 77");
    expect(await messageOf(deliver("x.json", "--from", "2026-06-01T00:00:01Z"))).to.contain(
      "--from",
    );
    writeFileSync(world.file("broken.json"), "{}");
    expect(await messageOf(deliver("x.json", "--imports", world.file("broken.json")))).to.contain(
      "broken.json is no export of the home agent: readings",
    );
    expect(await messageOf(check("broken.json"))).to.contain(
      "broken.json is no delivery statement",
    );
    expect(await messageOf(check("missing.json"))).to.contain("missing.json can't be read");
  });
});
