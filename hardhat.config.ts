import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";
import type { HardhatPlugin } from "hardhat/types/plugins";
import { publicNetworks } from "./ignition/networks.ts";

/** The compiler comes from npm, so that nothing is downloaded behind the lock file's back. */
const compiler = createRequire(import.meta.url).resolve("solc/soljson.js");

const deep = process.env.WATTLINE_DEEP !== undefined;

/** How often code is expected to run: the more often, the longer it may be. EIP-170 allows 24,576 bytes a contract. */
const compiledFor = (runs: number) => ({
  version: "0.8.37",
  path: compiler,
  settings: { viaIR: true, evmVersion: "osaka", optimizer: { enabled: true, runs } },
});

const contracts = {
  compilers: [compiledFor(1000)],
  overrides: {
    "contracts/market/Settlement.sol": compiledFor(100_000),
    "contracts/market/Forwards.sol": compiledFor(100_000),
    "contracts/market/Releases.sol": compiledFor(100_000),
    // Factories hold the code of what they create; both then have the same.
    "contracts/EnergyToken.sol": compiledFor(100_000),
    "contracts/Meters.sol": compiledFor(100_000),
    "contracts/deployment/EnergyTokenFactory.sol": compiledFor(100_000),
    "contracts/deployment/MetersFactory.sol": compiledFor(100_000),
    "contracts/Microgrids.sol": compiledFor(100_000),
  },
};

/** Hardhat leaves one core free while it compiles: of two, half. */
const compileOnAllCores: HardhatPlugin = {
  id: "wattline:compile-on-all-cores",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        build: (context, files, options, next) =>
          next(context, files, { ...options, concurrency: availableParallelism() }),
      }),
    }),
  },
};

export default defineConfig({
  plugins: [toolbox, compileOnAllCores],
  networks: publicNetworks(),
  // Etherscan wants a key of each network; Sourcify and Blockscout want none.
  verify: { etherscan: { enabled: false } },
  test: {
    solidity: {
      fuzz: { runs: deep ? 10_000 : 256 },
      invariant: { runs: deep ? 10_000 : 256, depth: deep ? 200 : 100, failOnRevert: true },
    },
  },
  // Ignition builds by the profile "production": it deploys what was tested, and does not build it again.
  solidity: { profiles: { default: contracts, production: { ...contracts, isolated: false } } },
});
