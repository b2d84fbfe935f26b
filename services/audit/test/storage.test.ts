import { readFileSync } from "node:fs";
import path from "node:path";
import { register, report } from "@wattline/community/simulation";
import {
  chargePurpose,
  energyIdOf,
  packProfile,
  type Source,
  sourceIndex,
  storageRows,
  storageTotals,
} from "@wattline/sdk";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { privateKeyToAccount } from "viem/accounts";
import { storageLinesOf } from "../src/lines.ts";
import { audit, auditsOf, failedChecks } from "./support/auditing.ts";
import { type History, handsOn, type PlayedChain, playChain } from "./support/history.ts";

/** What Jane's battery exports in one slot, and what she honestly retired to charge it before. Wh. */
const [EXPORTED, CHARGED] = [1_000n, 120n];

describe("The audit of a battery", function () {
  this.timeout(240_000);
  let played: PlayedChain;
  let history: History;
  let hands: ReturnType<typeof handsOn>;
  const audits = auditsOf();
  const battery = privateKeyToAccount(`0x${"b1".repeat(32)}`);

  before(async () => {
    played = await playChain(["accept"]);
    const [first] = played.histories;
    if (first === undefined) throw new Error("Nothing was played.");
    history = first;
    hands = handsOn(played.chain, history);
  });
  after(async () => {
    await played?.close();
    audits.clear();
  });

  it("names what its owner only pretends to have charged it with", async () => {
    const { chain } = played;
    const { wattline } = history;
    const { jane, neighbour, community } = hands;
    const { microgrid, operator, series } = community;
    const { slotSeconds } = series;
    const janesBattery = { ...jane, device: battery };
    await register(wattline, operator, microgrid, janesBattery, "Storage", 5_000, false);
    const charging = Math.ceil((await chain.chainTime()) / slotSeconds) + 1;
    const [exporting, later] = [charging + 1, charging + 2];
    await chain.passTo((later + 1) * slotSeconds);
    await report(wattline, jane, new Map([charging, later].map((slot) => [slot, 200n])));
    await report(wattline, janesBattery, new Map([[exporting, EXPORTED]]));

    const retire = async (who: typeof jane, source: Source, slot: number, wh: bigint) => {
      const { firstBlock, words } = packProfile(new Map([[slot, wh]]));
      const purpose = chargePurpose(battery.address);
      await wattline.energy
        .connect(who.signer)
        .retire(microgrid, sourceIndex(source), firstBlock, [...words], who.address, purpose);
    };
    await retire(jane, "Solar", charging, CHARGED);
    // What charges nothing: energy of a later slot, energy of a battery, energy that somebody else retires.
    await retire(jane, "Solar", later, 200n);
    await retire(jane, "Storage", exporting, 300n);
    const id = energyIdOf({ microgrid, source: "Solar", slot: charging });
    await wattline.energy
      .connect(jane.signer)
      .safeTransferFrom(jane.address, neighbour.address, id, 50n, "0x");
    await retire(neighbour, "Solar", charging, 50n);

    const command = audits.commandOf(played.rpc, history);
    const result = await audit(command);
    expect(failedChecks(result)).to.deep.equal([]);
    const totals = storageTotals(storageRows(result.state));
    expect(totals).to.deep.equal([
      {
        meter: battery.address,
        microgrid,
        exportedWh: EXPORTED,
        chargedWh: CHARGED + 200n,
        renewableWh: CHARGED,
      },
    ]);
    expect(storageLinesOf(totals)[1]).to.contain(
      `${battery.address} in microgrid ${microgrid}: 0.88 kWh of 1 kWh are not`,
    );

    const table = readFileSync(path.join(command.out, "storage.csv"), "utf8").trim().split("\n");
    const cells = table.slice(1).map((line) => line.split(","));
    expect(cells.map((row) => [Number(row[2]), ...row.slice(5).map(Number)])).to.deep.equal([
      [charging, 0, 120, 0, 0],
      [exporting, 1_000, 0, 120, 880],
      [later, 0, 200, 0, 0],
    ]);
    const page = readFileSync(path.join(command.out, "report.html"), "utf8");
    expect(page).to.contain("<h2>Storage</h2>").and.to.contain('<td class="number">0.880</td>');
  });

  it("narrows the table to a microgrid, and has none without a battery", async () => {
    const other = audits.commandOf(played.rpc, history, "--microgrid", "2");
    await audit(other);
    const table = readFileSync(path.join(other.out, "storage.csv"), "utf8").trim().split("\n");
    expect(table).to.have.lengthOf(1);
    expect(readFileSync(path.join(other.out, "report.html"), "utf8")).not.to.contain(
      "Storage</h2>",
    );
    expect(storageLinesOf([])).to.deep.equal([]);
  });
});
