/** The contracts' interfaces as the compiler reads them. */
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");

export interface Variable {
  readonly name: string;
  readonly typeDescriptions: { readonly typeString: string };
  readonly indexed?: boolean;
}

interface Named {
  readonly name: string;
  readonly documentation?: { readonly text: string };
}

interface Parameters {
  readonly parameters: readonly Variable[];
}

export type Member = Named & { readonly parameters: Parameters } & (
    | {
        readonly nodeType: "FunctionDefinition";
        readonly returnParameters: Parameters;
        readonly stateMutability: string;
      }
    | { readonly nodeType: "EventDefinition" | "ErrorDefinition" }
  );

/** What a file defines; imports and the like are left out. */
export type Definition = Named &
  (
    | { readonly nodeType: "ContractDefinition"; readonly nodes: readonly Member[] }
    | { readonly nodeType: "StructDefinition"; readonly members: readonly Variable[] }
  );

/** What the compiler answers. */
interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly sources: Readonly<Record<string, { readonly ast: { readonly nodes: Definition[] } }>>;
}

const DEFINITIONS = ["ContractDefinition", "StructDefinition"];

/** The definitions of each interface's file, by the file's name without its ending. @throws Error when they don't compile */
export function readInterfaces(): Map<string, Definition[]> {
  const files = globSync("contracts/interfaces/*.sol", { cwd: ROOT }).sort();
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(files.map((file) => [file, { content: textOf(file) }])),
    // No code is made, which would take minutes.
    settings: { outputSelection: { "*": { "": ["ast"] } } },
  };
  const solc = createRequire(import.meta.url)("solc");
  const compiled: string = solc.compile(JSON.stringify(input), { import: imported });
  const { errors = [], sources }: Output = JSON.parse(compiled);
  const error = errors.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(error.formattedMessage);
  return new Map(
    files.map((file) => [
      path.basename(file, ".sol"),
      (sources[file]?.ast.nodes ?? []).filter(({ nodeType }) => DEFINITIONS.includes(nodeType)),
    ]),
  );
}

const textOf = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");

function imported(file: string): { contents: string } | { error: string } {
  try {
    return { contents: textOf(file.startsWith("@") ? path.join("node_modules", file) : file) };
  } catch (error) {
    return { error: String(error) };
  }
}
