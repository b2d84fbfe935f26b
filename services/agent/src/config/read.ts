import path from "node:path";
import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { type KeyConfig, keyIn } from "@wattline/common/keys";
import { MendableError } from "@wattline/common/mendable";
import { readToml } from "@wattline/common/toml";
import type { Deployment } from "@wattline/sdk";
import { type Config, configSchema } from "./schema.ts";

const { marketplace, energy, fromBlock } = deploymentSchema.partial().shape;
/** What the agent needs of it. */
const deployed = deploymentSchema
  .pick({ chainId: true, meters: true, microgrids: true })
  .extend({ marketplace, energy, fromBlock });

/** A configuration with all it points to. Files are named from the folder of the configuration. */
export interface Settings {
  readonly config: Config;
  readonly deployment: KnownDeployment;
}

/** What meters need of a deployment, and what trading needs beside it. */
export type KnownDeployment = Pick<Deployment, "chainId" | "meters" | "microgrids"> & {
  readonly [key in keyof Pick<Deployment, "marketplace" | "energy" | "fromBlock">]?:
    | Deployment[key]
    | undefined;
};

/**
 * Reads `agent.toml` and the deployment that it names.
 * @throws MendableError that names file, key and allowed values.
 */
export function readSettings(file: string): Settings {
  const config = anchored(
    readToml(file, configSchema, "agent.example.toml"),
    path.dirname(path.resolve(file)),
  );
  const deployment = readDeployment(config.chain.deployment, deployed);
  if (config.homes.some(({ trading }) => trading !== undefined)) {
    requireMarket(deployment, config.chain.deployment);
  }
  return { config, deployment };
}

/** @throws MendableError when it does not say where the market is. */
function requireMarket(deployment: KnownDeployment, file: string): void {
  const missing = (["marketplace", "energy", "fromBlock"] as const).filter(
    (key) => deployment[key] === undefined,
  );
  if (missing.length === 0) return;
  throw new MendableError(
    `${file} lacks ${missing.join(", ")}, which trading needs. Ask your community for the whole deployment.json.`,
  );
}

/** Every file named in a configuration, from the folder that the configuration is in. */
function anchored(config: Config, folder: string): Config {
  const place = (file: string): string => path.resolve(folder, file);
  const key = (each: KeyConfig): KeyConfig => keyIn(folder, each);
  const password = <P extends { password_file?: string | undefined }>(each: P): P =>
    each.password_file === undefined ? each : { ...each, password_file: place(each.password_file) };
  const { report, chain, home_assistant } = config;
  return {
    ...config,
    data: place(config.data),
    chain: { ...chain, deployment: place(chain.deployment) },
    report:
      report.by === "file"
        ? { ...report, file: place(report.file) }
        : report.by === "transaction"
          ? { ...report, payer: key(report.payer) }
          : report,
    home_assistant: home_assistant && password(home_assistant),
    homes: config.homes.map((home) => ({
      ...home,
      device: key(home.device),
      delegate: home.delegate && key(home.delegate),
      battery: home.battery && {
        ...home.battery,
        device: home.battery.device && key(home.battery.device),
        steering: home.battery.steering && {
          ...home.battery.steering,
          link:
            home.battery.steering.link.type === "mqtt"
              ? password(home.battery.steering.link)
              : home.battery.steering.link,
        },
      },
      meters: home.meters.map((meter) => {
        if (meter.type === "p1-file" || meter.type === "replay") {
          return { ...meter, path: place(meter.path) };
        }
        return meter.type === "mqtt" ? password(meter) : meter;
      }),
    })),
  };
}
