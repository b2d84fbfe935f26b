import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { nodeTransport } from "@wattline/common/node";
import { BlockNotFoundError, type BlockTag, createPublicClient, type Hex } from "viem";
import type { Settings } from "./settings.ts";

/**
 * Ponder goes on where it stopped, on the word that its blocks are still there. A development chain that has started over
 * breaks that word. So the launcher remembers a block that was final, and gives the tables another name when the chain
 * doesn't know it any more, as it does when the program or the deployment is another.
 */
interface Remembered {
  /** The database schema of the tables. */
  readonly schema: string;
  readonly block: string;
  readonly hash: Hex;
}

/** Ponder takes a block of a development chain for final when so many others stand on it. */
const DEVELOPMENT_FINALITY_BLOCKS = 30n;
/** More than Ponder asks of any other chain: what is remembered there may well be old. */
const FINALITY_BLOCKS = 300n;

/** The tables' schema, and the duty to keep an eye on the chain that they are for. */
export interface Identity {
  readonly schema: string;
  /** Remembers how far the chain has come; call it now and then. */
  remember(): Promise<void>;
}

/**
 * Finds out whether the tables of the last run are for this chain, this deployment and this program; empties the folder of
 * PGlite when they are not.
 * @throws Error when the node does not answer, or has not come to the deployment yet.
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
      `The node at ${rpcUrl} has no block ${known.block}, which was final: it lags behind. Wait for it, or name another one in WATTLINE_RPC_URL.`,
    );
  }
  const isKnown = known?.schema.startsWith(program) && there?.hash === known.hash;
  const first = await hashAt({ blockNumber: BigInt(deployment.fromBlock) });
  if (first === undefined) {
    throw new Error(`The chain at ${rpcUrl} has no block ${deployment.fromBlock} yet.`);
  }
  const schema =
    known !== undefined && isKnown ? known.schema : `${program}_${Date.now().toString(36)}`;
  if (schema !== known?.schema) {
    rmSync(path.join(dataFolder, "pglite"), { recursive: true, force: true });
    write(file, { schema, block: first.number.toString(), hash: first.hash });
  }

  return {
    schema,
    async remember() {
      const latest = await hashAt({ blockTag: "latest" });
      if (latest === undefined || latest.number < first.number + finality) return;
      const final = await hashAt({ blockNumber: latest.number - finality });
      if (final !== undefined) {
        write(file, { schema, block: final.number.toString(), hash: final.hash });
      }
    },
  };
}

/** What the tables are for and made by, as a name: they are of no use to another deployment or program. */
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

function write(file: string, remembered: Remembered): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, JSON.stringify(remembered));
  renameSync(`${file}.tmp`, file);
}
