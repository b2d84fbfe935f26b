import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import path from "node:path";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";
import type { HardhatPlugin } from "hardhat/types/plugins";
import { publicNetworks } from "./ignition/networks.ts";
import { takeTurn } from "./scripts/setup/turn.mjs";

/** The compiler comes from npm, so that nothing is downloaded behind the lock file's back. */
const compiler = createRequire(import.meta.url).resolve("solc/soljson.js");

const deep = process.env.WATTLINE_DEEP !== undefined;

/** How often code is expected to run: the more often, the longer it may be. EIP-170 allows 24,576 bytes a contract. */
const compiledFor = (runs: number) => ({
  version: "0.8.37",
  path: compiler,
  settings: { viaIR: true, evmVersion: "osaka", optimizer: { enabled: true, runs } },
});

const CALLED_OFTEN = [
  "contracts/market/Settlement.sol",
  "contracts/market/Forwards.sol",
  "contracts/market/Releases.sol",
  // Factories hold the code of what they create; both then have the same.
  "contracts/EnergyToken.sol",
  "contracts/Meters.sol",
  "contracts/deployment/EnergyTokenFactory.sol",
  "contracts/deployment/MetersFactory.sol",
  "contracts/Microgrids.sol",
  // It creates most of them, and is compiled with them rather than with a copy of each.
  "test/solidity/Invariants.t.sol",
];
const contracts = {
  compilers: [compiledFor(1000)],
  overrides: Object.fromEntries(CALLED_OFTEN.map((file) => [file, compiledFor(100_000)])),
};

/**
 * Hardhat leaves one core free while it compiles: of two, half. And processes that build at the same time write their cache
 * through one temporary file, so that one of them may fail: here they take turns.
 */
const compileInTurnOnAllCores: HardhatPlugin = {
  id: "wattline:compile-in-turn-on-all-cores",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        build: async (context, files, options, next) => {
          const place = path.join(context.config.paths.cache, "turn");
          const turn = await takeTurn(place, "build of the contracts");
          try {
            return await next(context, files, { ...options, concurrency: availableParallelism() });
          } finally {
            turn.end();
          }
        },
      }),
    }),
  },
};

/**
 * Hardhat compiles files together whose settings are one object, and each override has an object of its own: what several of
 * them import would be compiled for each. Here overrides that say the same are one object.
 */
const compileOverridesTogether: HardhatPlugin = {
  id: "wattline:compile-overrides-together",
  hookHandlers: {
    config: async () => ({
      default: async () => ({
        async resolveUserConfig(config, resolveVariable, next) {
          const resolved = await next(config, resolveVariable);
          for (const { overrides } of Object.values(resolved.solidity.profiles)) {
            const bySettings = new Map<string, (typeof overrides)[string]>();
            for (const [file, override] of Object.entries(overrides)) {
              const settings = JSON.stringify(override);
              overrides[file] = bySettings.get(settings) ?? override;
              bySettings.set(settings, overrides[file]);
            }
          }
          return resolved;
        },
      }),
    }),
  },
};

export default defineConfig({
  plugins: [toolbox, compileInTurnOnAllCores, compileOverridesTogether],
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
