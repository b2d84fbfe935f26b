/** What the documents tell people to type must work: every command is known here, and what can be tried is tried. */
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, "../..");

/** A command as a document has it. */
interface Documented {
  readonly file: string;
  readonly command: string;
}

/** Commands that are run elsewhere or can't be run here, with the reason. Their names and options are checked all the same. */
const NOT_RUN: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^npm (test|run test:(deep|mutation|chaos))\b/, "the tests themselves"],
  [/^npm start\b(?!.*--help)/, "test/start starts and stops it"],
  [/^npm run (relay|indexer)\b/, "the services' tests start and stop it"],
  [/^npm run audit\b.*--rpc/, "services/audit/test runs it on a chain"],
  [
    /\$[A-Z]|^npm run (-s )?(call|agent)\b(?!.*--help)/,
    "test/recovery runs every command of docs/recovery",
  ],
  [/^npm run reference$/, "test/documents compares what it writes"],
  [/^npm run -s sbom$/, "test/setup reads what it prints"],
  [/^npm run audit -- --out/, "test/recovery runs it on a chain"],
  [/^npm run (lint|format)$/, "a step of npm test"],
  [
    /^npm run simulate\b(?!.*--help)/,
    "services/community/test plays the same options for less time",
  ],
  [/^npm run study\b(?!.*--help)/, "services/community/test studies homes of its own"],
  [/^npm run allocate\b/, "test/allocate runs it on files"],
  [/^npm run (delivery|verify|statements)\b(?!.*--help)/, "test/statements runs it on a chain"],
  [/^npm run clear-signing\b(?!.*--help)/, "test/sdk runs it on a deployment"],
  [/^npm run agent\b(?!.*--help)/, "services/agent/test runs each of its commands on a home"],
  [/^npm run auctioneer\b(?!.*--help)/, "services/auctioneer/test runs it on a chain"],
  [
    /^npm run node\b(?!.*--help)/,
    "services/node/test starts and stops its parts, and asks for its state",
  ],
  [/^npm run bench:/, "measures for minutes"],
  [
    /^npm run -w frontend (dev|build|size|messages|bench(:map)?)$/,
    "the pages' tests build and serve the dApp",
  ],
  [/^npm run deploy\b(?!.*--help)/, "test/deployment runs it on a stand-in for a public network"],
  [/^npx hardhat keystore\b/, "asks for a password"],
  [/^npx tsc\b/, "a step of npm test"],
];

const documents = execFileSync("git", ["ls-files", "*.md"], { cwd: ROOT, encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "");

/** The commands in a document's blocks of code, continued lines joined, without comments and settings in front. */
function commandsIn(file: string): Documented[] {
  const text = readFileSync(path.join(ROOT, file), "utf8");
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```/gms)];
  return blocks
    .filter(([, language = ""]) => ["", "sh", "bash"].includes(language))
    .flatMap(([, , block = ""]) => block.replaceAll(/\\\n\s*/g, " ").split("\n"))
    .map((line) =>
      line
        .replace(/\s+#.*$/, "")
        .replace(/^(\w+=\S+\s+)+/, "")
        .trim(),
    )
    .filter((line) => /^(npm|npx|node) /.test(line))
    .map((command) => ({ file, command }));
}

const commands = documents.flatMap(commandsIn);

interface Package {
  readonly scripts?: Readonly<Record<string, string>>;
}

const scriptsOf = (folder: string): NonNullable<Package["scripts"]> => {
  const json: Package = JSON.parse(readFileSync(path.join(ROOT, folder, "package.json"), "utf8"));
  return json.scripts ?? {};
};

/** Programs that tell all their options by `--help`; the agent's belong to its commands. */
const WITH_HELP = [
  "start",
  "simulate",
  "study",
  "audit",
  "call",
  "allocate",
  "delivery",
  "verify",
  "statements",
  "clear-signing",
  "auctioneer",
  "deploy",
  "test:mutation",
  "test:chaos",
];

/** Whether a command asks for the help of a program that is asked for it anyway. */
const isHelp = (command: string): boolean =>
  WITH_HELP.includes(/^npm (?:run )?(\S+) -- --help$/.exec(command)?.[1] ?? "");

describe("Commands in the documents", function () {
  this.timeout(600_000);

  it("are there", () => {
    expect(commands.length).to.be.greaterThan(30);
  });

  it("name scripts that exist", () => {
    for (const { file, command } of commands) {
      const [, workspace, script] =
        /^npm (?:run )?(?:-s )?(?:-w (\S+) )?([\w:-]+)/.exec(command) ?? [];
      if (script === undefined || ["install", "ci"].includes(script)) continue;
      expect(scriptsOf(workspace ?? "."), `${file}: ${command}`).to.have.property(script);
    }
  });

  it("name options that their program has", async () => {
    for (const program of WITH_HELP) {
      const uses = commands.filter(({ command }) =>
        new RegExp(`^npm (run )?(-s )?${program}\\b`).test(command),
      );
      const flags = new Set(
        uses.flatMap(({ command }) => command.match(/(?<=\s)--[a-z-]+/g) ?? []),
      );
      const { stdout } = await run("npm", ["run", "-s", program, "--", "--help"], { cwd: ROOT });
      for (const flag of flags) {
        if (flag !== "--help") expect(stdout, `npm run ${program} -- ${flag}`).to.contain(flag);
      }
    }
  });

  it("are run, or named above with the reason why not", async () => {
    const once = new Map(commands.map((each) => [each.command, each]));
    for (const { file, command } of once.values()) {
      if (NOT_RUN.some(([pattern]) => pattern.test(command)) || isHelp(command)) continue;
      const [program = "", ...words] = command.split(/\s+/);
      await run(program, words, { cwd: ROOT }).catch((error: Error) => {
        throw new Error(`${file}: ${command} fails: ${error.message}`);
      });
    }
  });
});
