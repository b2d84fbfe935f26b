import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { newDatabase, query } from "../../../test/support/postgres.ts";
import { backUp, restore } from "../src/backup.ts";
import { openDatabase, type Storage } from "../src/store/database.ts";
import { type LocalNode, startAnvil } from "./support/node.ts";
import { bookOf, freshFolder, openRelay } from "./support/relays.ts";
import { createWorld, EURO, localAccount, privateKeyOf, type World } from "./support/world.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");

/** The commands of docs/OPERATIONS.md. */
const [BACK_UP = "", RESTORE = ""] = [
  ...readFileSync(path.join(ROOT, "docs/OPERATIONS.md"), "utf8").matchAll(/```sh\n(.*?)```/gs),
].map(([, command]) => command);

describe("A backup of the book", function () {
  this.timeout(180_000);
  const bob = localAccount(3);
  let node: LocalNode;
  let world: World;
  let folder: string;

  before(async () => {
    node = await startAnvil();
    world = await createWorld(node.rpcUrl);
    await world.fund(bob, EURO);
    folder = await mkdtemp(path.join(tmpdir(), "wattline-backup-"));
    await writeFile(path.join(folder, "deployment.json"), JSON.stringify(world.deployment));
  });
  after(async () => {
    await node?.stop();
    await rm(folder, { recursive: true });
  });

  async function run(command: string, env: Readonly<Record<string, string>>): Promise<void> {
    const { DATABASE_URL: _, ...inherited } = process.env;
    await promisify(execFile)("sh", ["-ec", command], {
      cwd: ROOT,
      env: {
        ...inherited,
        WATTLINE_DEPLOYMENT: path.join(folder, "deployment.json"),
        BACKUPS: folder,
        ...env,
      },
    });
  }

  it("is taken from running relays and restored as the operators' page says", async () => {
    const postgresUrl = await newDatabase();
    const relay = await openRelay(world, { storage: { postgresUrl } });
    const orders = Array.from({ length: 4 }, () => world.order(bob.address));
    const results = await relay.client.post(await world.signBulk(privateKeyOf(bob), orders));
    const withdrawn = results[1]?.hash ?? "0x";
    await relay.client.withdraw(withdrawn, await world.signWithdrawal(bob, withdrawn));
    const whole = await bookOf(relay.client);
    const { eventId } = await relay.client.orders();
    await run(BACK_UP, { DATABASE_URL: postgresUrl });
    await relay.stop();

    const data = path.join(folder, "restored");
    await run(RESTORE, { WATTLINE_DATA: data });
    await world.market(bob, "cancel", [[orders[0]?.nonce]]);
    const restored = await openRelay(world, { storage: { folder: data } });
    const [first] = [...whole.keys()].filter((hash) => hash === results[0]?.hash);
    expect(await bookOf(restored.client)).to.deep.equal(
      new Map(whole).set(first ?? "", { state: "cancelled", remainingWh: "0" }),
    );
    const stop = new AbortController();
    let resumed: boolean | undefined;
    for await (const _ of restored.client.stream(
      { from: eventId, signal: stop.signal },
      (start) => {
        resumed = start.resumed;
      },
    )) {
      break;
    }
    stop.abort();
    expect(resumed).to.equal(false);
    await restored.stop();
  });

  it("changes nothing when it is not whole, of another deployment, or not wanted", async () => {
    const { deployment } = world;
    const full: Storage = { postgresUrl: await newDatabase() };
    const relay = await openRelay(world, { storage: full });
    const orders = [world.order(bob.address), world.order(bob.address)];
    await relay.client.post(await world.signBulk(privateKeyOf(bob), orders));
    await relay.stop();
    const file = path.join(folder, "book");
    expect(await backUp(full, deployment, file)).to.equal(2);

    const fails = async (storage: Storage, of: typeof deployment, from: string, words: RegExp) => {
      const failure = await restore(storage, of, from).catch((error: unknown) => error);
      expect(String(failure)).to.match(words);
    };
    await fails(full, deployment, file, /There are orders in this database/);
    const empty: Storage = { postgresUrl: await newDatabase() };
    const bytes = await readFile(file);
    await writeFile(`${file}.cut`, bytes.subarray(0, bytes.length - 40));
    await fails(empty, deployment, `${file}.cut`, /unexpected end of file/);
    const other = { ...deployment, marketplace: bob.address };
    await fails(
      { folder: await freshFolder({ deployment: other }) },
      other,
      file,
      /no backup of this/,
    );
    expect(await restore(empty, deployment, file)).to.equal(2);
  });
});

describe("A database of the first edition", function () {
  this.timeout(600_000);
  const dump = readFileSync(path.join(import.meta.dirname, "support/firstEdition.sql"), "utf8");

  it("is kept aside, and a new book is served", async () => {
    const node = await startAnvil();
    const postgresUrl = await newDatabase();
    await query(postgresUrl, dump);
    try {
      const world = await createWorld(node.rpcUrl);
      const relay = await openRelay(world, { storage: { postgresUrl } });
      expect((await bookOf(relay.client)).size).to.equal(0);
      await relay.stop();
      const { db, close } = await openDatabase({ postgresUrl }, world.deployment);
      const kept = await db
        .withSchema("first_edition")
        .selectFrom("orders")
        .select("hash")
        .execute();
      expect(kept).to.deep.equal([{ hash: "0xaa" }]);
      await close();
    } finally {
      await node.stop();
    }
  });
});
