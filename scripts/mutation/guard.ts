/**
 * Many mutants in one build: each stands in the code behind a guard that compares its number with the address of a library,
 * which is known only when the bytecode is linked. So the contracts are compiled once, and a mutant is chosen by linking.
 */
import path from "node:path/posix";
import type { Mutant } from "./find.ts";

/** Where the library is whose address is the number of the mutant; from the folder of the sources. */
export const GUARD_FILE = "Mutation.sol";
export const GUARD = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

library Mutation {}
`;

/** A mutant that has its number. Zero is nobody's: linked to it, the contracts are sound. */
export interface Numbered extends Mutant {
  readonly number: number;
}

/** The text of a source file with these mutants of it, each behind its guard. */
export function withMutants(file: string, text: string, mutants: readonly Numbered[]): string {
  if (mutants.length === 0) return text;
  const bytes = Buffer.from(text);
  const outermostFirst = mutants.toSorted((a, b) => a.start - b.start || b.end - a.end);

  /** The text of a range, guarding the mutants in it. */
  function render(start: number, end: number, inside: readonly Numbered[]): string {
    const [first, ...others] = inside;
    if (first === undefined) return bytes.subarray(start, end).toString();
    const within = others.filter((other) => other.end <= first.end);
    const after = others.filter((other) => other.start >= first.end);
    return [
      bytes.subarray(start, first.start).toString(),
      guarded(first, render(first.start, first.end, within)),
      render(first.end, end, after),
    ].join("");
  }

  return render(0, bytes.length, outermostFirst).replace(
    /^pragma .*$/m,
    (pragma) => `${pragma}\nimport { Mutation } from "${toGuard(file)}";`,
  );
}

function guarded({ number, form, mutated }: Numbered, sound: string): string {
  const isChosen = `uint160(address(Mutation)) == ${number}`;
  return form === "statement"
    ? `{ if (${isChosen}) { ${mutated} } else { ${sound} } }`
    : `(${isChosen} ? (${mutated}) : (${sound}))`;
}

function toGuard(file: string): string {
  const relative = path.relative(path.dirname(file), GUARD_FILE);
  return relative.startsWith(".") ? relative : `./${relative}`;
}

type References = Readonly<
  Record<string, Readonly<Record<string, readonly { start: number; length: number }[]>>>
>;

/** What a build says of a contract's code. Positions and lengths are bytes. */
export interface Linkable {
  readonly bytecode: string;
  readonly deployedBytecode: string;
  readonly linkReferences: References;
  readonly deployedLinkReferences: References;
}

/** An artifact with this mutant chosen; other libraries stay to be linked. */
export function choose<Artifact extends Linkable>(artifact: Artifact, number: number): Artifact {
  const address = number.toString(16).padStart(40, "0");
  function link(code: string, references: References): string {
    const places = Object.values(guardOf(references)).flatMap((each) => Object.values(each).flat());
    return places.reduce((linked, { start, length }) => {
      const from = 2 + 2 * start;
      return linked.slice(0, from) + address + linked.slice(from + 2 * length);
    }, code);
  }
  return {
    ...artifact,
    bytecode: link(artifact.bytecode, artifact.linkReferences),
    deployedBytecode: link(artifact.deployedBytecode, artifact.deployedLinkReferences),
    linkReferences: withoutGuard(artifact.linkReferences),
    deployedLinkReferences: withoutGuard(artifact.deployedLinkReferences),
  };
}

const isGuard = (source: string): boolean => source.endsWith(`/${GUARD_FILE}`);

const guardOf = (references: References): References =>
  Object.fromEntries(Object.entries(references).filter(([source]) => isGuard(source)));

const withoutGuard = (references: References): References =>
  Object.fromEntries(Object.entries(references).filter(([source]) => !isGuard(source)));
