/** A command that passes or fails as a whole, and counts as one test. */
export interface Check {
  name: string;
  command: string;
}

/** A script that runs many tests and reports its own tally (see report.ts). */
export interface Suite {
  name: string;
  script: string;
  args?: string[];
}

export type Step = Check | Suite;

const solidity = '"contracts/**/*.sol"';

export const lint: Check[] = [
  { name: "TypeScript format and lint", command: "biome check --error-on-warnings" },
  { name: "Solidity format", command: `prettier --check --log-level warn ${solidity}` },
  { name: "Solidity lint", command: `solhint --disc --noPoster --max-warnings 0 ${solidity}` },
];

export const build: Check = { name: "Contracts build", command: "hardhat build" };

/** What needs the artifacts and the types that the build leaves behind. */
export const tests: Step[] = [
  { name: "TypeScript types", command: "tsc --project ." },
  { name: "TypeScript types of the indexer", command: "tsc --project services/indexer" },
  { name: "TypeScript types of the frontend", command: "tsc --project frontend" },
  { name: "Solidity tests", script: "scripts/testing/solidity.ts" },
  { name: "Tests without a chain", script: "scripts/testing/mocha.ts", args: ["plain"] },
  { name: "Tests on a chain", script: "scripts/testing/mocha.ts", args: ["chain"] },
  { name: "Tests of services", script: "scripts/testing/mocha.ts", args: ["services"] },
  { name: "Tests in a browser", script: "scripts/testing/mocha.ts", args: ["pages"] },
];
