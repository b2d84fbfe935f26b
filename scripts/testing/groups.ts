/**
 * The groups of tests, each of which shares a process. Hardhat's matchers change chai for the whole process (its
 * `closeTo` no longer accepts fractions), so tests that use them share no process with others.
 */
import { globSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");

/** What must have been built before a test can run. */
export type Need = "contracts" | "app";

export interface Group {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly needs: readonly Need[];
  /** Whether Node loads the files as they are, or Vite as modules of the dApp. */
  readonly loader: "node" | "vite";
}

/** A file of TypeScript tests. */
export interface TestFile {
  /** From the repository's root. */
  readonly file: string;
  readonly group: Group;
}

/** The Solidity tests (`*.t.sol`), which Hardhat itself runs. */
const SOLIDITY_TESTS = "test/solidity/**/*.t.sol";

/** A file belongs to the first group with a pattern for it. Groups that need no build come first. */
const GROUPS: readonly Group[] = [
  {
    name: "plain",
    patterns: [
      "sdk/test/**/*.test.ts",
      "services/community/test/profiles/**/*.test.ts",
      "test/allocate/**/*.test.ts",
      "test/documents/**/*.test.ts",
      "test/setup/**/*.test.ts",
      "test/testing/**/*.test.ts",
    ],
    needs: [],
    loader: "node",
  },
  { name: "logic", patterns: ["frontend/src/**/*.test.ts"], needs: [], loader: "vite" },
  {
    name: "services",
    patterns: [
      "services/*/test/**/*.test.ts",
      "test/agreement/**/*.test.ts",
      "test/chaos/**/*.test.ts",
      "test/operations/**/*.test.ts",
      "test/start/**/*.test.ts",
      "test/recovery/**/*.test.ts",
      "test/secrets/**/*.test.ts",
      "test/statements/**/*.test.ts",
    ],
    needs: ["contracts"],
    loader: "node",
  },
  {
    name: "pages",
    patterns: ["frontend/test/**/*.test.ts", "test/containers/**/*.test.ts"],
    needs: ["contracts", "app"],
    loader: "node",
  },
  { name: "chain", patterns: ["test/**/*.test.ts"], needs: ["contracts"], loader: "node" },
];

/** Every file of TypeScript tests, group by group. */
export function testFiles(): TestFile[] {
  const known = new Set<string>();
  return GROUPS.flatMap((group) =>
    globSync([...group.patterns], { cwd: ROOT, exclude: ["**/node_modules/**"] })
      .sort()
      .filter((file) => !known.has(file) && known.add(file))
      .map((file) => ({ file, group })),
  );
}

/** Every file of Solidity tests. */
export const solidityFiles = (): string[] => globSync(SOLIDITY_TESTS, { cwd: ROOT }).sort();
