import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";

const HARDHAT = path.resolve("node_modules/hardhat/dist/src/cli.js");
/** Without taking turns one of so many failed, five times of five. */
const AT_ONCE = 6;

describe("Builds of the contracts", function () {
  this.timeout(600_000);

  it("by several processes at the same time all succeed", async () => {
    const builds = Array.from({ length: AT_ONCE }, () =>
      spawn(process.execPath, [HARDHAT, "build", "--quiet"], { stdio: "ignore" }),
    );
    const codes = await Promise.all(builds.map(async (build) => (await once(build, "exit"))[0]));
    expect(codes).to.deep.equal(builds.map(() => 0));
  });
});
