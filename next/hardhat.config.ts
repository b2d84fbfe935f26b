import { createRequire } from "node:module";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

/** The compiler comes from npm, so that nothing is downloaded behind the lock file's back. */
const compiler = createRequire(import.meta.url).resolve("solc/soljson.js");

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
        version: "0.8.37",
        path: compiler,
        settings: {
          viaIR: true,
          evmVersion: "osaka",
          optimizer: { enabled: true, runs: 1000 },
        },
      },
    },
  },
});
