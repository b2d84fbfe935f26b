import type { Artifact } from "../chain/chain.ts";
import { BenchFailure } from "../failure.ts";

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A contract in a compiler's standard JSON output. */
export function artifactOf(output: unknown, source: string, contract: string): Artifact {
  const compiled = at(at(at(output, "contracts"), source), contract);
  return checkedArtifact(
    contract,
    at(compiled, "abi"),
    at(at(at(compiled, "evm"), "bytecode"), "object"),
  );
}

/** @throws BenchFailure when it lacks an interface or deployable code. */
export function checkedArtifact(contract: string, abi: unknown, code: unknown): Artifact {
  const hex = typeof code === "string" ? code.replace(/^0x/, "") : "";
  if (!Array.isArray(abi) || !/^([0-9a-f]{2})+$/i.test(hex)) {
    throw new BenchFailure(`The artifact of ${contract} has no interface or no deployable code.`);
  }
  return { abi, bytecode: `0x${hex}` };
}

/** One of the named artifacts. */
export function pick(artifacts: ReadonlyMap<string, Artifact>, contract: string): Artifact {
  const artifact = artifacts.get(contract);
  if (artifact === undefined) throw new BenchFailure(`The artifact of ${contract} is missing.`);
  return artifact;
}

const at = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined);
