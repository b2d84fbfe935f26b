import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import hre from "hardhat";
import { startAnvil } from "../../../relay/test/support/node.ts";
import { AHEAD_SECONDS, openChain } from "../../src/simulation/chain.ts";
import { deploy } from "../../src/simulation/deployment.ts";
import { readOptions } from "../../src/simulation/options.ts";

describe("Deploying for a simulation", () => {
  it("can be done on several chains at once in one checkout, and leaves nothing behind", async () => {
    const options = await readOptions(["--seed", "7", "--days", "1"]);
    if (options === "help") throw new Error("--help is not expected here.");
    const [first] = options.communities;
    const startsAt = first.firstSlot * first.slotSeconds;
    const chains = await Promise.all(
      [1, 2].map(async () => {
        const node = await startAnvil(startsAt - AHEAD_SECONDS);
        return { node, chain: await openChain(node.rpcUrl, startsAt) };
      }),
    );
    try {
      const deployed = await Promise.all(
        chains.map(({ chain }) => deploy(chain, first, options.tariffs)),
      );
      for (const { microgrids, facts } of deployed) {
        expect((await microgrids.microgridOf(1)).charter.name).to.equal(first.name);
        expect((await facts()).known(1)).to.include({ name: first.name, slotSeconds: 900 });
      }
    } finally {
      for (const { node, chain } of chains) {
        await chain.close();
        await node.stop();
      }
    }
    const folder = path.join(hre.config.paths.ignition, "deployments");
    const left = existsSync(folder) ? readdirSync(folder) : [];
    // Other processes may be at it too.
    expect(left.filter((name) => name.includes(`-${process.pid}-`))).to.deep.equal([]);
  }).timeout(180_000);
});
