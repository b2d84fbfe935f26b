/** What `npm test` does, step by step, and what each step must wait for. */
import { type Need, solidityFiles, type TestFile, testFiles } from "./groups.ts";

interface Named {
  readonly name: string;
  /** Steps that must have passed before. */
  readonly after: readonly Step[];
}

/** A command that passes or fails as a whole, and counts as one test. */
export interface Check extends Named {
  readonly command: string;
}

/** A script that runs many tests and reports its own tally (see report.ts). */
export interface Suite extends Named {
  readonly script: string;
  readonly args: readonly string[];
}

/** One file of TypeScript tests, run by a worker of its group (see worker.ts). */
export interface Tests extends Named, TestFile {}

export type Step = Check | Suite | Tests;

const check = (name: string, command: string, after: readonly Step[] = []): Check => ({
  name,
  command,
  after,
});

const solidity = '"contracts/**/*.sol" "next/contracts/**/*.sol"';

export const lint: readonly Check[] = [
  check("TypeScript format and lint", "biome check --error-on-warnings"),
  check("Solidity format", `prettier --check --log-level warn ${solidity}`),
  check("Solidity lint", `solhint --disc --noPoster --max-warnings 0 ${solidity}`),
];

const builds: Readonly<Record<Need, Check>> = {
  contracts: check("Contracts build", "hardhat build"),
  nextContracts: check(
    "Contracts build of the second edition",
    "hardhat build --config next/hardhat.config.ts",
  ),
  app: check("App build", "node scripts/testing/buildApp.ts"),
};

/** What needs the types that the build of the contracts leaves behind. */
const types: readonly Check[] = [
  check("TypeScript types", "tsc --project .", [builds.contracts]),
  check("TypeScript types of the indexer", "tsc --project services/indexer", [builds.contracts]),
  check("TypeScript types of the frontend", "tsc --project frontend", [builds.contracts]),
  check("TypeScript types of the second edition", "tsc --project next", [builds.nextContracts]),
];

const solidityTests = (files: readonly string[]): Suite => ({
  name: "Solidity tests",
  script: "scripts/testing/solidity.ts",
  args: files,
  after: [builds.contracts],
});

const tests = ({ file, group }: TestFile): Tests => ({
  name: file,
  file,
  group,
  after: group.needs.map((need) => builds[need]),
});

/** Everything: first what others wait for, then what takes long, so that no lane is left with a long step at the end. */
export const everything = (): Step[] => [
  builds.contracts,
  builds.nextContracts,
  builds.app,
  ...lint,
  ...types,
  solidityTests([]),
  ...testFiles().map(tests),
];

/** These files of tests alone, and what they need. */
export function only(files: readonly string[]): Step[] {
  const ofSolidity = solidityFiles().filter((file) => files.includes(file));
  const chosen: Step[] = testFiles()
    .filter(({ file }) => files.includes(file))
    .map(tests);
  if (ofSolidity.length > 0) chosen.push(solidityTests(ofSolidity));
  return [...new Set(chosen.flatMap(({ after }) => after)), ...chosen];
}
