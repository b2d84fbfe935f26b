import { createRequire } from "node:module";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

/** The compiler comes from npm, so that nothing is downloaded behind the lock file's back. */
const compiler = createRequire(import.meta.url).resolve("solc/soljson.js");

/** How often code is expected to run: the more often, the longer it may be. EIP-170 allows 24,576 bytes a contract. */
const compiledFor = (runs: number) => ({
  version: "0.8.37",
  path: compiler,
  settings: { viaIR: true, evmVersion: "osaka", optimizer: { enabled: true, runs } },
});

export default defineConfig({
  plugins: [toolbox],
  paths: {
    sources: "next/contracts",
    tests: "next/test",
    artifacts: "next/artifacts",
    cache: "next/cache",
  },
  typechain: { outDir: "next/types" },
  solidity: {
    profiles: {
      default: {
        compilers: [compiledFor(1000)],
        overrides: {
          "next/contracts/market/Settlement.sol": compiledFor(100_000),
          "next/contracts/market/Forwards.sol": compiledFor(100_000),
          "next/contracts/market/Releases.sol": compiledFor(100_000),
          // Factories hold the code of what they create; both then have the same.
          "next/contracts/EnergyToken.sol": compiledFor(100_000),
          "next/contracts/Meters.sol": compiledFor(100_000),
          "next/contracts/deployment/EnergyTokenFactory.sol": compiledFor(100_000),
          "next/contracts/deployment/MetersFactory.sol": compiledFor(100_000),
          "next/contracts/Microgrids.sol": compiledFor(100_000),
        },
      },
    },
  },
});
