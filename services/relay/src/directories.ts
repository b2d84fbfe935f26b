import { recoverAddress } from "@wattline/common/recover";
import {
  type DirectoryFacts,
  type Domain,
  isAcceptance,
  judgeDirectory,
  type SignedDirectory,
  WALLET_GAS,
  walletQuestion,
} from "@wattline/sdk";
import type { Snapshot } from "./chain/snapshot.ts";
import { Refusal } from "./problems.ts";
import type { Database } from "./store/database.ts";
import { Turns } from "./turns.ts";

/** Signatures recovered before others' requests are looked at again. */
const AT_ONCE = 50;

/**
 * The directories of names, one for each microgrid: the one with the largest version that its operator has signed. Like
 * orders they are not the relay's word: who reads one verifies it.
 */
export class Directories {
  readonly #db: Database;
  readonly #domain: Domain;
  readonly #turns = new Turns();

  constructor(db: Database, domain: Domain) {
    this.#db = db;
    this.#domain = domain;
  }

  /** The directory of a microgrid, as JSON text; undefined when none was published. */
  async find(microgrid: number): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom("directories")
      .select("signed")
      .where("microgrid", "=", microgrid)
      .executeTakeFirst();
    return row?.signed;
  }

  /**
   * Stores a directory in place of an older one. The same one again changes nothing.
   * @param at What the chain says, above all who the operator is.
   * @throws Refusal when a rule is broken, or when the microgrid has another directory of this or a later version.
   */
  async publish(signed: SignedDirectory, at: Snapshot): Promise<void> {
    const { microgrid, version } = signed.directory;
    const operator = at.microgrid(microgrid)?.operator;
    if (operator === undefined) {
      throw new Refusal(404, {
        code: "Relay_UnknownMicrogrid",
        message: `There is no microgrid ${microgrid}.`,
        path: "directory.microgrid",
      });
    }
    const text = JSON.stringify(signed);
    await this.#requireNewer(microgrid, version, text);
    const faults = await judgeDirectory(this.#domain, signed, operator, factsAt(at));
    const [first] = faults;
    if (first !== undefined) {
      const reasons = faults.map(({ path, message }) => ({
        code: "Relay_BadDirectory",
        message,
        path: path === "signature" ? path : `directory.${path}`,
      }));
      throw new Refusal(400, { ...(reasons[0] ?? first), code: "Relay_BadDirectory", reasons });
    }
    await this.#turns.take(async () => {
      // Another request may have published one in the meantime.
      if (!(await this.#requireNewer(microgrid, version, text))) return;
      const stored = await this.#db
        .insertInto("directories")
        .values({ microgrid, version, signed: text })
        .onConflict((conflict) =>
          conflict
            .column("microgrid")
            .doUpdateSet({ version, signed: text })
            .where("directories.version", "<", version),
        )
        .returning("version")
        .executeTakeFirst();
      // A relay on the same database may have stored a later one at the same moment.
      if (stored === undefined) await this.#requireNewer(microgrid, version, text);
    });
  }

  /** @returns Whether there is something to store. @throws Refusal for an older version, or another text of the same one */
  async #requireNewer(microgrid: number, version: number, text: string): Promise<boolean> {
    const known = await this.#db
      .selectFrom("directories")
      .selectAll()
      .where("microgrid", "=", microgrid)
      .executeTakeFirst();
    if (known === undefined || known.version < version) return true;
    if (known.signed === text) return false;
    throw new Refusal(409, {
      code: "Relay_OldDirectory",
      message: `Microgrid ${microgrid} has a directory of version ${known.version}: sign a later version than that.`,
      path: "directory.version",
      values: { version: known.version },
    });
  }
}

/** Who has signed, as of a block. */
function factsAt(at: Snapshot): DirectoryFacts {
  let asked = 0;
  return {
    async recover(digest, signature) {
      asked += 1;
      if (asked % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      return recoverAddress(digest, signature);
    },
    isAccepted: async (account, digest, signature) =>
      isAcceptance(await at.ask(account, walletQuestion(digest, signature), WALLET_GAS)),
  };
}
