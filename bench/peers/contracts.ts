import type { Compilation } from "./compile.ts";

/** The contracts in `bench/contracts`, with the compiler and the settings of Wattline's own contracts. */
export const benchContracts: Compilation = {
  name: "bench-contracts",
  compiler: "solc",
  settings: {
    viaIR: true,
    evmVersion: "osaka",
    optimizer: { enabled: true, runs: 100_000 },
  },
  contracts: {
    OpenZeppelinEnergy: "bench/contracts/Tokens.sol",
    SoladyEnergy: "bench/contracts/Tokens.sol",
    SignedSale: "bench/contracts/SignedSale.sol",
    TextbookMarket: "bench/contracts/TextbookMarket.sol",
    TestEuro: "contracts/test/TestEuro.sol",
  },
};
