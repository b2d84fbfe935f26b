/** A chain on which a community has traded for some hours, and the files that statements are made from. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { packProfile, sourceIndex } from "@wattline/sdk";
import type { DueRetirement } from "@wattline/sdk/statements";
import {
  type History,
  type PlayedChain,
  playChain,
} from "../../services/audit/test/support/history.ts";
import { agentExport } from "../support/agentExport.ts";

export type Household = History["communities"][number]["households"][number];

/** A played chain with a folder of its own. */
export async function playStatements(market: History["market"] = "accept") {
  const played: PlayedChain = await playChain([market]);
  const [history] = played.histories;
  const [community] = history?.communities ?? [];
  if (history === undefined || community === undefined) throw new Error("Nothing was played.");
  const folder = mkdtempSync(path.join(tmpdir(), "wattline-statements-"));
  const { deployment, wattline } = history;
  const { series, microgrid, households } = community;
  const deploymentFile = path.join(folder, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(deployment));
  const timeOf = (slot: number): string => new Date(slot * series.slotSeconds * 1000).toISOString();

  /** What the home agent exports: the import of the day, signed by the device. */
  const exportOf = (
    { device }: Household,
    importedWh: readonly bigint[],
    signer = device,
  ): Promise<string> => agentExport(deployment, device, series.firstSlot, importedWh, signer);

  return {
    ...{ played, history, community, households, microgrid, series, folder, timeOf },
    rpc: played.rpc,
    flags: ["--rpc", played.rpc, "--deployment", deploymentFile],
    file: (name: string) => path.join(folder, name),
    exportOf,
    async retire(who: Household, { source, energyWh, purpose }: DueRetirement): Promise<void> {
      const { firstBlock, words } = packProfile(energyWh);
      await wattline.energy
        .connect(who.signer)
        .retire(microgrid, sourceIndex(source), firstBlock, [...words], who.address, purpose);
    },
    async close(): Promise<void> {
      rmSync(folder, { recursive: true, force: true });
      await played.close();
    },
  };
}
