import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { freePort } from "../../scripts/testing/ports.ts";
import { audit, auditsOf } from "../../services/audit/test/support/auditing.ts";
import { startIndexer } from "../../services/indexer/test/support/indexer.ts";
import { type Played, playOn, type Script } from "../../services/indexer/test/support/played.ts";
import { randomActions } from "../../services/indexer/test/support/randomActions.ts";
import { randomFrom } from "../../services/relay/test/support/dice.ts";
import { type Parts, startParts } from "./support/parts.ts";
import { type Recording, type Replay, recordingOf, replay } from "./support/recording.ts";
import { expectSameTables } from "./support/tables.ts";

const DEEP = process.env.WATTLINE_DEEP !== undefined;
const SEED = process.env.WATTLINE_SEED ?? (DEEP ? String(Date.now()) : "agreement");
/** Six hours around noon, the third one islanded. */
const HOURS: Omit<Script, "market"> = {
  ...{ skipped: 40, slots: 24, households: 5, outage: [8, 12] },
};
const DAY = { ...HOURS, skipped: 0, slots: 96 };
const WEEK = { ...DAY, slots: 7 * 96, days: 7, outage: [44, 52] } as const;
const STRETCH = { ...HOURS, slots: 16, households: 4 };
const REORGS = DEEP ? 25 : 2;
const KILLS = DEEP ? 8 : 1;
/** The most blocks that are undone on purpose; an action may take ten more. Ponder regards the 30th as final. */
const DEEPEST = 16;

describe("Relay, indexer and audit", function () {
  this.timeout(DEEP ? 3_600_000 : 900_000);

  describe(`over a replayed ${DEEP ? "day" : "stretch of a day"}`, () => {
    let played: Played;
    let recording: Recording;
    let chain: Replay;
    let parts: Parts;

    before(async () => {
      const script = {
        ...(DEEP ? DAY : HOURS),
        market: "forward",
      } as const;
      const [day, node] = await playOn(script);
      played = day;
      recording = await recordingOf(day.rpcUrl);
      await node.stop();
    });
    beforeEach(async () => {
      chain = await replay(recording);
      // By then there is energy and money to trade with.
      await chain.advance(Math.floor((3 * chain.left()) / 4));
      parts = await startParts(chain, played.deployment);
    });
    afterEach(async () => {
      await parts?.stop();
      await chain?.stop();
    });

    const actionsOf = (seed: number) => randomActions({ ...played, rpcUrl: chain.rpcUrl }, seed);

    it(`agree after reorgs of random depth (seed "${SEED}")`, async () => {
      const dice = randomFrom(`reorgs ${SEED}`);
      const random = actionsOf(dice.below(2 ** 31));
      for (let round = 0; round < REORGS; round++) {
        const depth = 1 + dice.below(DEEPEST);
        const late = Math.min(dice.below(depth + 1), chain.left());
        const before = Number(await chain.client.getBlockNumber());
        await chain.undone(late, async () => {
          while (Number(await chain.client.getBlockNumber()) < before + depth)
            await random.perform(1);
          if (dice.below(2) === 0) await parts.caughtUp();
        });
        await parts.advance(dice.below(Math.ceil(chain.left() / (REORGS - round))));
      }
      await parts.advance(chain.left());
      await random.doAll();
      await parts.expectAgreement();
    });

    it(`agree after each was killed at random moments (seed "${SEED}")`, async () => {
      const dice = randomFrom(`kills ${SEED}`);
      const victims = Array.from({ length: KILLS }, () => [
        parts.kill.relay,
        parts.kill.indexer,
        parts.kill.audit,
      ]).flat();
      while (victims.length > 0) {
        const [kill] = victims.splice(dice.below(victims.length), 1);
        const blocks = Math.ceil((chain.left() * (1 + dice.below(2))) / (2 + 2 * victims.length));
        await Promise.all([parts.advance(blocks), sleep(dice.below(500)).then(kill)]);
      }
      await parts.advance(chain.left());
      await actionsOf(dice.below(2 ** 31)).doAll();
      const [, fresh] = await parts.expectAgreement();
      await parts.expectSameFiles(filesIn, fresh);
    });
  });

  it(`have the same tables for a whole ${DEEP ? "week" : "stretch"}`, async () => {
    const audits = auditsOf();
    const script = {
      ...(DEEP ? WEEK : STRETCH),
      market: "settle",
    } as const;
    const [played, node] = await playOn(script);
    const indexer = await startIndexer({ ...played, port: await freePort() });
    try {
      await indexer.caughtUp();
      const command = audits.commandOf(played.rpcUrl, played);
      const { trades } = await expectSameTables(indexer.url, await audit(command), command.out);
      expect(trades).not.to.be.empty;
    } finally {
      await indexer.end();
      await node.stop();
      audits.clear();
    }
  });
});

/** An audit's output, except for the endpoint in its report. */
const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name !== "report.html")
      .map((name) => [name, readFileSync(path.join(folder, name), "utf8")]),
  );
