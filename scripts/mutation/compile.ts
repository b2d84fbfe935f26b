/** The contracts' sources, and what solc makes of them. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import solc from "solc";
import { ROOT } from "../testing/groups.ts";
import type { Linkable } from "./guard.ts";

/** The folder of the sources; solc's names of them begin with it. */
export const SOURCES = "contracts";

/** Texts by file, from the folder of the sources. */
export type Sources = Readonly<Record<string, string>>;

export const readSources = (): Sources =>
  Object.fromEntries(
    globSync("**/*.sol", { cwd: path.join(ROOT, SOURCES) })
      .sort()
      .map((file) => [file, readFileSync(path.join(ROOT, SOURCES, file), "utf8")]),
  );

/** What solc answers: https://docs.soliditylang.org/en/v0.8.37/using-the-compiler.html#output-description */
interface Output {
  readonly errors?: readonly {
    readonly severity: string;
    readonly formattedMessage: string;
    readonly sourceLocation?: {
      readonly file: string;
      readonly start: number;
      readonly end: number;
    };
  }[];
  readonly sources?: Readonly<Record<string, { readonly ast: unknown }>>;
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, { evm?: Compiled }>>>>;
}

interface Compiled {
  readonly bytecode: Bytecode;
  readonly deployedBytecode: Bytecode;
}

interface Bytecode {
  readonly object: string;
  readonly linkReferences: Linkable["linkReferences"];
}

/** An error in the sources. */
export interface Complaint {
  /** From the folder of the sources; undefined when solc names no place. */
  readonly file: string | undefined;
  /** Where it begins and ends, in bytes from the start of the file. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** The syntax tree of each file, or what solc complains about. No code is made, so it takes seconds. */
export function analyse(sources: Sources): {
  readonly trees: Readonly<Record<string, unknown>>;
  readonly complaints: readonly Complaint[];
} {
  const { output, complaints } = run(sources, { "*": { "": ["ast"] } });
  const trees = Object.entries(output.sources ?? {}).map(([name, { ast }]) => [fileOf(name), ast]);
  return { trees: Object.fromEntries(trees), complaints };
}

/** The code of each contract, by file and name, such as `market/Spot.sol:Spot`. */
export type Code = ReadonlyMap<string, Linkable>;

/** solc refuses the sources; the message is its own. */
export class CompileError extends Error {}

/** Takes minutes. @throws CompileError */
export function compile(sources: Sources): Code {
  const { output, complaints } = run(sources, {
    "*": { "*": ["evm.bytecode", "evm.deployedBytecode"] },
  });
  if (complaints.length > 0)
    throw new CompileError(complaints.map(({ message }) => message).join("\n"));
  const found = new Map<string, Linkable>();
  for (const [name, contracts] of Object.entries(output.contracts ?? {})) {
    for (const [contract, { evm }] of Object.entries(contracts)) {
      if (evm !== undefined) found.set(`${fileOf(name)}:${contract}`, linkableOf(evm));
    }
  }
  return found;
}

const linkableOf = ({ bytecode, deployedBytecode }: Compiled): Linkable => ({
  bytecode: `0x${bytecode.object}`,
  deployedBytecode: `0x${deployedBytecode.object}`,
  linkReferences: bytecode.linkReferences,
  deployedLinkReferences: deployedBytecode.linkReferences,
});

function run(sources: Sources, outputSelection: unknown) {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(
      Object.entries(sources).map(([file, content]) => [`${SOURCES}/${file}`, { content }]),
    ),
    settings: {
      viaIR: true,
      evmVersion: "osaka",
      // As short as possible: the guards make the code longer, and a transaction has a limit of gas.
      optimizer: { enabled: true, runs: 1 },
      outputSelection,
    },
  };
  const output: Output = JSON.parse(solc.compile(JSON.stringify(input), { import: readLibrary }));
  const complaints = (output.errors ?? [])
    .filter(({ severity }) => severity === "error")
    .map(({ formattedMessage, sourceLocation }) => ({
      file: sourceLocation && fileOf(sourceLocation.file),
      start: sourceLocation?.start ?? 0,
      end: sourceLocation?.end ?? 0,
      message: formattedMessage,
    }));
  return { output, complaints };
}

const readLibrary = (name: string) => ({
  contents: readFileSync(path.join(ROOT, "node_modules", name), "utf8"),
});

const fileOf = (name: string): string => path.posix.relative(SOURCES, name);
