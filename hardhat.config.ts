import { createRequire } from "node:module";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

/** The compiler comes from npm, so that nothing is downloaded behind the lock file's back. */
const compiler = createRequire(import.meta.url).resolve("solc/soljson.js");

const deep = process.env.WATTLINE_DEEP !== undefined;

const contracts = {
  version: "0.8.37",
  path: compiler,
  settings: {
    viaIR: true,
    evmVersion: "osaka",
    optimizer: { enabled: true, runs: 100_000 },
  },
};

export default defineConfig({
  plugins: [toolbox],
  test: {
    solidity: {
      fuzz: { runs: deep ? 10_000 : 256 },
      invariant: { runs: deep ? 10_000 : 256, depth: deep ? 200 : 100, failOnRevert: true },
    },
  },
  // Ignition builds by the profile "production": it deploys what was tested, and does not build it again.
  solidity: { profiles: { default: contracts, production: { ...contracts, isolated: false } } },
});
