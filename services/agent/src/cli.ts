import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { lastWordsOf, openLog } from "@wattline/common/log";
import { MendableError } from "@wattline/common/mendable";
import { CURVES } from "@wattline/sdk/deviceKeys";
import { Argument, Command, Option } from "commander";
import { getAddress, isAddress } from "viem";
import { readSettings, type Settings } from "./config/read.ts";
import { AgentError } from "./errors.ts";

/** The commands. What each command needs is loaded when it runs: a small computer starts sooner. */

const program = new Command("agent")
  .description(
    "The home agent: reads a meter, signs what it exported and imported, and reports export",
  )
  .option("-c, --config <file>", "the configuration", "agent.toml");

const settings = (): Settings => readSettings(program.opts<{ config: string }>().config);

program
  .command("keys")
  .description("makes an encrypted key and a file with its password")
  .argument("<file>", "where the key goes, such as device.json")
  .addOption(
    new Option("--curve <curve>", "secp256k1, or p256 as secure elements have")
      .choices(CURVES)
      .default("secp256k1"),
  )
  .action(async (file: string, { curve }: { curve: (typeof CURVES)[number] }) => {
    const { writeKeystore, writeNew } = await import("@wattline/common/keys");
    const { generatePrivateKey } = await import("./keys/generate.ts");
    const passwordFile = `${file.replace(/\.json$/, "")}.password`;
    if (existsSync(file))
      throw new AgentError(`${file} is there already; a key is never overwritten.`);
    const password = randomBytes(24).toString("base64url");
    writeNew(passwordFile, `${password}\n`);
    const { address } = await writeKeystore(file, curve, generatePrivateKey(curve), password);
    console.log(`${address} is in ${file}, its password in ${passwordFile}. Keep a copy of both.`);
  });

program
  .command("check")
  .description("tries every source once and says what it reads")
  .action(async () => {
    const { check } = await import("./check.ts");
    if (!(await check(settings(), console.log))) process.exitCode = 1;
  });

program
  .command("run")
  .description("runs until it is told to stop")
  .action(async () => {
    const { startAgent } = await import("./agent.ts");
    const agent = await startAgent(settings());
    openLog("agent")(
      `The agent runs for ${agent.homes.map(({ config }) => config.name).join(", ")}.`,
    );
    let isStopping = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(1);
        isStopping = true;
        void agent.stop().then(() => process.exit(0), fail);
      });
    }
  });

program
  .command("status")
  .description("says how the agent that runs here stands")
  .option("--json", "as JSON")
  .action(async ({ json }: { json?: true }) => {
    const { askLock } = await import("@wattline/common/lock");
    const { lockPlace } = await import("./agent.ts");
    const { statusLines } = await import("./status.ts");
    const answer = await askLock(lockPlace(settings().config.data));
    if (answer === undefined) throw new AgentError("No agent runs here. Start it with: agent run");
    console.log(json ? answer : statusLines(JSON.parse(answer)).join("\n"));
  });

program
  .command("pair")
  .description(
    "prints what the operator needs to register the home's devices, as links and QR codes",
  )
  .argument("<owner>", "the household's account")
  .option("--dapp <url>", "where the community's dApp is", "http://127.0.0.1:5173/")
  .option("--home <name>", "which home, where there are several")
  .action(async (owner: string, { dapp, home: name }: { dapp: string; home?: string }) => {
    if (!isAddress(owner))
      throw new AgentError(`${owner} is no account: give 0x and 40 hexadecimal digits.`);
    if (!URL.canParse(dapp)) throw new AgentError(`${dapp} is no address of a dApp.`);
    const { autopilotLink, pair } = await import("./pair.ts");
    const { renderUnicodeCompact } = await import("uqr");
    const all = settings();
    const home = homeOf(all, name);
    for (const each of await pair(all, home, getAddress(owner), dapp)) {
      const { device, source, capacityW, consent, link } = each;
      console.log(`Device:   ${device}, ${source}, up to ${capacityW} W\nConsent:  ${consent}`);
      console.log(`\n${link}\n\n${renderUnicodeCompact(link)}`);
    }
    const autopilot = autopilotLink(all.config, home, dapp);
    if (autopilot === undefined) return;
    console.log(
      `For you, to let the agent trade:\n${autopilot}\n\n${renderUnicodeCompact(autopilot)}`,
    );
  });

program
  .command("export")
  .description("writes export and import by slot and the signed blocks, as JSON, for statements")
  .addArgument(
    new Argument("[from]", "the first day, such as 2026-06-01, in UTC").default("1970-01-01"),
  )
  .addArgument(new Argument("[to]", "the day after the last").default("9999-12-31"))
  .option("--home <name>", "which home, where there are several")
  .option("--device <address>", "a device of the past, whose key is not needed")
  .action(async (from: string, to: string, of: { home?: string; device?: string }) => {
    const { exportJournal } = await import("./export.ts");
    const all = settings();
    const folder = await journalOf(all, of);
    console.log(JSON.stringify(exportJournal(folder, dayIn(from), dayIn(to)), undefined, 2));
  });

/** The folder of a device's journal: of the one that is named, or of a home's. */
async function journalOf(
  all: Settings,
  { home, device }: { readonly home?: string; readonly device?: string },
): Promise<string> {
  const { journalFolder } = await import("./home.ts");
  if (device === undefined) {
    const { openSigner } = await import("@wattline/common/keys");
    return journalFolder(all.config.data, openSigner(homeOf(all, home).device).address);
  }
  if (!isAddress(device, { strict: false })) {
    throw new AgentError(`${device} is no device: give 0x and 40 hexadecimal digits.`);
  }
  const folder = journalFolder(all.config.data, getAddress(device));
  if (existsSync(folder)) return folder;
  throw new AgentError(`${all.config.data} has no journal of the device ${device}.`);
}

function homeOf({ config: { homes } }: Settings, name: string | undefined) {
  const [only] = homes;
  if (name === undefined && homes.length === 1 && only !== undefined) return only;
  const home = homes.find((each) => each.name === name);
  if (home !== undefined) return home;
  throw new AgentError(`Say which home with --home: ${homes.map((each) => each.name).join(", ")}.`);
}

function dayIn(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw new AgentError(`${text} is no day: write it as 2026-06-01.`);
  return ms / 1000;
}

function fail(error: unknown): never {
  openLog("agent")(lastWordsOf(error, error instanceof MendableError), { level: "error" });
  process.exit(1);
}

await program.parseAsync().catch(fail);
