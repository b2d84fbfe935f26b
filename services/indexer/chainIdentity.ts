import { createHash } from "node:crypto";
import { globSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { writeWhole } from "@wattline/common/files";
import { nodeTransport } from "@wattline/common/node";
import { shownUrl } from "@wattline/common/shownUrl";
import { BlockNotFoundError, type BlockTag, createPublicClient, type Hex } from "viem";
import type { Settings } from "./settings.ts";

/**
 * Ponder resumes where it stopped and assumes that its blocks still exist. A development chain that was restarted
 * breaks that assumption. So the launcher remembers a final block, and uses another name for the tables when the chain
 * does not have that block any more, or the program or the deployment has changed.
 */
interface Remembered {
  /** The database schema of the tables. */
  readonly schema: string;
  readonly block: string;
  readonly hash: Hex;
}

/** Ponder regards a block of a development chain as final when this many blocks follow it. */
const DEVELOPMENT_FINALITY_BLOCKS = 30n;
/** More than Ponder requires on any other chain: the remembered block may be old. */
const FINALITY_BLOCKS = 300n;

/** The tables' schema, and the task of remembering their chain's progress. */
export interface Identity {
  readonly schema: string;
  /** Remembers a final block of the chain; call it from time to time. */
  remember(): Promise<void>;
}

/**
 * Checks whether the last run's tables are for this chain, deployment and program; empties PGlite's folder when they
 * are not.
 * @throws Error when the node does not answer, or has not reached the deployment's block yet.
 */
export async function identify(settings: Settings): Promise<Identity> {
  const { dataFolder, rpcUrl, deployment, isDevelopment } = settings;
  const finality = isDevelopment ? DEVELOPMENT_FINALITY_BLOCKS : FINALITY_BLOCKS;
  const file = path.join(dataFolder, "chain.json");
  const client = createPublicClient({ transport: nodeTransport(rpcUrl) });
  const hashAt = async (at: { blockNumber: bigint } | { blockTag: BlockTag }) =>
    client.getBlock(at).then(
      ({ number, hash }) => (number === null || hash === null ? undefined : { number, hash }),
      (error: unknown) => {
        if (error instanceof BlockNotFoundError) return undefined;
        throw error;
      },
    );

  const program = programOf(settings);
  const known = read(file);
  const there = known && (await hashAt({ blockNumber: BigInt(known.block) }));
  if (known !== undefined && there === undefined && !isDevelopment) {
    // Only a development chain starts over. To begin anew because a node lags would cost hours.
    throw new Error(
      `The node at ${shownUrl(rpcUrl)} has no block ${known.block}, which was final: it lags behind. Wait for it, or name another one in WATTLINE_RPC_URL.`,
    );
  }
  const isKnown = known?.schema.startsWith(program) && there?.hash === known.hash;
  const first = await hashAt({ blockNumber: BigInt(deployment.fromBlock) });
  if (first === undefined) {
    throw new Error(`The chain at ${shownUrl(rpcUrl)} has no block ${deployment.fromBlock} yet.`);
  }
  const schema =
    known !== undefined && isKnown ? known.schema : `${program}_${Date.now().toString(36)}`;
  if (schema !== known?.schema) {
    rmSync(path.join(dataFolder, "pglite"), { recursive: true, force: true });
    keep(file, { schema, block: first.number.toString(), hash: first.hash });
  }

  return {
    schema,
    async remember() {
      const latest = await hashAt({ blockTag: "latest" });
      if (latest === undefined || latest.number < first.number + finality) return;
      const final = await hashAt({ blockNumber: latest.number - finality });
      if (final !== undefined) {
        keep(file, { schema, block: final.number.toString(), hash: final.hash });
      }
    },
  };
}

/** A name made of everything that the tables depend on: with another deployment or program they can't be used. */
function programOf({ deployment }: Settings): string {
  const hash = createHash("sha256").update(JSON.stringify(deployment));
  const files = globSync(["ponder.*.ts", "src/**/*.ts"], { cwd: import.meta.dirname });
  for (const file of files.sort()) hash.update(readFileSync(path.join(import.meta.dirname, file)));
  return `wattline_${hash.digest("hex").slice(0, 12)}`;
}

function read(file: string): Remembered | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

const keep = (file: string, remembered: Remembered): void =>
  writeWhole(file, JSON.stringify(remembered));
