/** Which mutants are tried, and the sources that hold them all. */
import fc from "fast-check";
import { analyse, CompileError, type Complaint, type Sources } from "./compile.ts";
import { type Mutant, mutantsOf } from "./find.ts";
import { GUARD, GUARD_FILE, type Numbered, withMutants } from "./guard.ts";

/** Contracts for tests, and interfaces, have no code of Wattline's. */
const isMutated = (file: string): boolean => !/^(test|interfaces)\//.test(file);

/**
 * `count` mutants of the sources that compile, drawn by `seed`, each place as likely as another.
 * @returns The same mutants, with the same numbers, for the same sources, count and seed.
 */
export function drawMutants(sources: Sources, count: number, seed: number): Numbered[] {
  const { trees, complaints } = analyse(sources);
  const [complaint] = complaints;
  if (complaint !== undefined) throw new CompileError(complaint.message);
  const all = Object.entries(sources)
    .filter(([file]) => isMutated(file))
    .flatMap(([file, text]) => mutantsOf(file, text, trees[file]));
  const [shuffled = []] = fc.sample(
    fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
    { numRuns: 1, seed },
  );

  // A mutant that does not compile makes room for the next of the draw.
  const drawn: Mutant[] = [];
  for (const waiting = [...shuffled]; drawn.length < count && waiting.length > 0; ) {
    drawn.push(...waiting.splice(0, count - drawn.length));
    for (;;) {
      const numbered = number(drawn);
      const broken = brokenOf(numbered, sources);
      if (broken.size === 0) break;
      drawn.splice(0, Infinity, ...numbered.filter((mutant) => !broken.has(mutant)));
    }
  }
  return number(drawn);
}

const number = (mutants: readonly Mutant[]): Numbered[] =>
  mutants.map((mutant, index) => ({ ...mutant, number: index + 1 }));

/** The sources with all these mutants, each behind its guard. */
export function mutated(sources: Sources, mutants: readonly Numbered[]): Sources {
  const byFile = Map.groupBy(mutants, ({ file }) => file);
  return {
    ...Object.fromEntries(
      Object.entries(sources).map(([file, text]) => [
        file,
        withMutants(file, text, byFile.get(file) ?? []),
      ]),
    ),
    [GUARD_FILE]: GUARD,
  };
}

/** Which of these mutants solc complains about. */
function brokenOf(mutants: readonly Numbered[], sources: Sources): ReadonlySet<Numbered> {
  const texts = mutated(sources, mutants);
  const { complaints } = analyse(texts);
  return new Set(complaints.map((complaint) => mutantAt(complaint, texts, mutants)));
}

/** The first mutant within the place of a complaint, or else the last before it. */
function mutantAt(
  { file = "", start, end, message }: Complaint,
  texts: Sources,
  mutants: readonly Numbered[],
): Numbered {
  const text = Buffer.from(texts[file] ?? "");
  const guardsIn = (from: number, to: number) => [
    ...text
      .subarray(from, to)
      .toString()
      .matchAll(/address\(Mutation\)\) == (\d+)/g),
  ];
  const guard = guardsIn(start, end)[0] ?? guardsIn(0, start).at(-1);
  const found = mutants.find((mutant) => mutant.number === Number(guard?.[1]));
  if (found === undefined) throw new Error(message);
  return found;
}
