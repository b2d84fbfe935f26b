import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { KNOWN_KEY, type PrivateKey, writeKeystore, writeNew } from "@wattline/common/keys";
import type { Deployment } from "@wattline/sdk";
import type { Curve } from "@wattline/sdk/deviceKeys";
import { type Hex, keccak256, toHex } from "viem";

/** A household's folder with its configuration and keys, gone after the test. */
export class Household {
  readonly folder = mkdtempSync(path.join(tmpdir(), "wattline-agent-"));

  place(name: string): string {
    return path.join(this.folder, name);
  }

  /** A key file and the file with its password; the key is made of a name. */
  async key(name: string, curve: Curve = "secp256k1", key?: Hex): Promise<PrivateKey> {
    writeNew(this.place(`${name}.password`), "open sesame\n");
    const privateKey = key ?? keccak256(toHex(`${name} of ${this.folder}`));
    return writeKeystore(this.place(`${name}.json`), curve, privateKey, "open sesame", KNOWN_KEY);
  }

  /** Writes `deployment.json`; what asks no chain needs no microgrids. */
  deployment(known: Pick<Deployment, "chainId" | "meters"> & Partial<Deployment>): void {
    const text = JSON.stringify({ microgrids: known.meters, ...known });
    writeFileSync(this.place("deployment.json"), text);
  }

  /** Writes `agent.toml`. @returns its place */
  configure(toml: string): string {
    writeFileSync(this.place("agent.toml"), toml);
    return this.place("agent.toml");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A meter of `agent.toml` that needs nothing but the agent. */
export const TRIAL_METER = `[[homes.meters]]
name = "trial"
type = "simulated"
latitude = 48.4
longitude = 10.0
panels_w = 8000
load_w = 400
every_seconds = 1
`;

export const keyIn = (name: string): string =>
  `{ keystore = "${name}.json", password_file = "${name}.password" }`;
