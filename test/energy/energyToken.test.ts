import {
  energyIdOf,
  LANE_MAX_WH,
  packProfile,
  SLOT_LENGTHS_SECONDS,
  SOURCES,
  type Source,
  slotAt,
  sourceIndex,
} from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { after, before, describe, it } from "mocha";
import { type Address, getAddress, zeroAddress } from "viem";
import { runs } from "../support/runs.ts";
import { createWorld, START_SLOT, type World } from "../support/world.ts";

const MICROGRID = 1;
/** Blocks of a line: slots have 32 bits. */
const BLOCKS = 2n ** 29n;
const SOLAR = sourceIndex("Solar");
const WIND = sourceIndex("Wind");

const lineOf = (microgrid: number, source: number): bigint =>
  (BigInt(microgrid) << 8n) | BigInt(source);
const LINE = lineOf(MICROGRID, SOLAR);
/** The same source in another microgrid. */
const ELSEWHERE = lineOf(2, SOLAR);
const idOf = (offset: number, source: Source = "Solar"): bigint =>
  energyIdOf({ microgrid: MICROGRID, source, slot: START_SLOT + offset });

/** Wh by slot, counted from the start, as the contracts take it. */
function profile(wh: Readonly<Record<number, bigint>>): { firstBlock: number; words: bigint[] } {
  const bySlot = new Map(
    Object.entries(wh).map(([offset, energyWh]) => [START_SLOT + Number(offset), energyWh]),
  );
  const { firstBlock, words } = packProfile(bySlot);
  return { firstBlock, words: [...words] };
}

/** The token alone, with plain accounts in the places of the meters and the market. */
async function createToken() {
  const connection = await network.create();
  const { ethers } = connection;
  const [meters, market, alice, bob] = await ethers.getSigners();
  if (!meters || !market || !alice || !bob) throw new Error("No accounts are left.");
  const metadata = await ethers.deployContract("EnergyMetadata");
  const energy = await ethers.deployContract("EnergyToken", [meters.address, market.address], {
    libraries: { EnergyMetadata: await metadata.getAddress() },
  });

  async function mint(to: Address, wh: Readonly<Record<number, bigint>>, line = LINE) {
    const { firstBlock, words } = profile(wh);
    return energy.connect(meters).mint(to, line, firstBlock, words);
  }
  async function move(from: Address, to: Address, wh: Readonly<Record<number, bigint>>) {
    const { firstBlock, words } = profile(wh);
    return energy.connect(market).move(from, to, LINE, firstBlock, words);
  }
  async function retire(by: typeof alice, wh: Readonly<Record<number, bigint>>, purpose = "") {
    const { firstBlock, words } = profile(wh);
    return energy
      .connect(by)
      .retire(MICROGRID, SOLAR, firstBlock, words, market?.address ?? zeroAddress, purpose);
  }
  return { ...connection, ethers, energy, meters, market, alice, bob, mint, move, retire };
}

type Token = Awaited<ReturnType<typeof createToken>>;

describe("EnergyToken", () => {
  let token: Token;
  let clean: Awaited<ReturnType<Token["networkHelpers"]["takeSnapshot"]>>;
  before(async () => {
    token = await createToken();
    clean = await token.networkHelpers.takeSnapshot();
  });
  after(() => token.close());

  /** A test on a token that nobody has used yet. */
  function fresh(title: string, run: (token: Token, a: Address, b: Address) => Promise<void>) {
    it(title, async () => {
      await clean.restore();
      await run(token, getAddress(token.alice.address), getAddress(token.bob.address));
    });
  }

  describe("minting and moving", () => {
    fresh(
      "mints for the meters contract, one id and value for each slot with energy",
      async (t, a) => {
        await expect(t.mint(a, { 2: 5n, 3: 7n, 9: 11n }))
          .to.emit(t.energy, "TransferBatch")
          .withArgs(t.meters.address, zeroAddress, a, [idOf(2), idOf(3), idOf(9)], [5n, 7n, 11n]);
        expect(await t.energy.balanceOf(a, idOf(3))).to.equal(7n);
      },
    );

    fresh("says a single slot as a single transfer", async (t, a) => {
      await expect(t.mint(a, { 2: 5n }))
        .to.emit(t.energy, "TransferSingle")
        .withArgs(t.meters.address, zeroAddress, a, idOf(2), 5n);
    });

    fresh("moves for the market, without approval", async (t, a, b) => {
      await t.mint(a, { 0: 10n, 8: 10n });
      await expect(t.move(a, b, { 0: 10n, 8: 4n }))
        .to.emit(t.energy, "TransferBatch")
        .withArgs(t.market.address, a, b, [idOf(0), idOf(8)], [10n, 4n]);
      expect(
        await t.energy.balanceOfBatch([a, a, b, b], [idOf(0), idOf(8), idOf(0), idOf(8)]),
      ).to.deep.equal([0n, 6n, 10n, 4n]);
    });

    fresh("mints for the market too, which owes forwards what meters delivered", async (t, a) => {
      const { firstBlock, words } = profile({ 2: 5n });
      await expect(t.energy.connect(t.market).mint(a, LINE, firstBlock, words))
        .to.emit(t.energy, "TransferSingle")
        .withArgs(t.market.address, zeroAddress, a, idOf(2), 5n);
      expect(await t.energy.balanceOf(a, idOf(2))).to.equal(5n);
    });

    fresh("mints for nobody else", async (t, a) => {
      const { firstBlock, words } = profile({ 0: 1n });
      await expect(t.energy.connect(t.alice).mint(a, LINE, firstBlock, words))
        .to.be.revertedWithCustomError(t.energy, "EnergyToken_NotMinter")
        .withArgs(t.alice.address);
    });

    fresh("moves for nobody else, the meters contract included", async (t, a, b) => {
      await t.mint(a, { 0: 1n });
      const { firstBlock, words } = profile({ 0: 1n });
      for (const stranger of [t.alice, t.meters]) {
        const energy = t.energy.connect(stranger);
        for (const attempt of [
          energy.move(a, b, LINE, firstBlock, words),
          energy.moveAcross(a, b, LINE, ELSEWHERE, firstBlock, words, words),
        ]) {
          await expect(attempt)
            .to.be.revertedWithCustomError(t.energy, "EnergyToken_NotMarket")
            .withArgs(stranger.address);
        }
      }
    });

    fresh("moves nothing when a Wh is missing in the last slot", async (t, a, b) => {
      await t.mint(a, { 0: 10n, 8: 10n });
      await expect(t.move(a, b, { 0: 10n, 8: 11n }))
        .to.be.revertedWithCustomError(t.energy, "ERC1155InsufficientBalance")
        .withArgs(a, 10n, 11n, idOf(8));
      expect(await t.energy.balanceOfBatch([a, b], [idOf(0), idOf(0)])).to.deep.equal([10n, 0n]);
    });

    fresh("moves nothing when it is more than the buyer's slot can hold", async (t, a, b) => {
      await t.mint(a, { 7: 2n });
      await t.mint(b, { 7: LANE_MAX_WH - 1n });
      await expect(t.move(a, b, { 7: 2n }))
        .to.be.revertedWithCustomError(t.energy, "EnergyToken_Overflow")
        .withArgs(b, idOf(7), LANE_MAX_WH - 1n, 2n);
    });

    fresh("returns in how many slots energy moved", async (t, a, b) => {
      await t.mint(a, { 0: 10n, 3: 1n, 8: 10n });
      const { firstBlock, words } = profile({ 0: 10n, 3: 1n, 8: 4n });
      const energy = t.energy.connect(t.market);
      expect(await energy.move.staticCall(a, b, LINE, firstBlock, words)).to.equal(3n);
      expect(await energy.mint.staticCall(a, LINE, firstBlock, words)).to.equal(3n);
    });

    describe("across a tie line", () => {
      const elsewhere = (offset: number) =>
        energyIdOf({ microgrid: 2, source: "Solar", slot: START_SLOT + offset });

      async function moveAcross(
        t: Token,
        [from, to]: readonly [Address, Address],
        sentWh: Record<number, bigint>,
        arrivedWh: Record<number, bigint>,
      ) {
        const { firstBlock, words } = profile(sentWh);
        const { words: arrived } = profile(arrivedWh);
        return t.energy
          .connect(t.market)
          .moveAcross(from, to, LINE, ELSEWHERE, firstBlock, words, arrived);
      }

      fresh("burns what is sent here, mints what arrives there", async (t, a, b) => {
        await t.mint(a, { 0: 100n, 1: 100n });
        await expect(moveAcross(t, [a, b], { 0: 100n, 1: 50n }, { 0: 97n, 1: 48n }))
          .to.emit(t.energy, "TransferBatch")
          .withArgs(t.market.address, a, zeroAddress, [idOf(0), idOf(1)], [100n, 50n])
          .and.to.emit(t.energy, "TransferBatch")
          .withArgs(t.market.address, zeroAddress, b, [elsewhere(0), elsewhere(1)], [97n, 48n]);
        expect(
          await t.energy.balanceOfBatch([a, a, b, b], [idOf(0), idOf(1), idOf(1), elsewhere(1)]),
        ).to.deep.equal([0n, 50n, 0n, 48n]);
      });

      fresh("sends no more than is held", async (t, a, b) => {
        await t.mint(a, { 0: 100n });
        await expect(moveAcross(t, [a, b], { 0: 101n }, { 0: 97n }))
          .to.be.revertedWithCustomError(t.energy, "ERC1155InsufficientBalance")
          .withArgs(a, 100n, 101n, idOf(0));
      });
    });

    fresh(
      "runs no hook on a mint or a move, by design: no receiver can block a batch",
      async (t, a) => {
        const refusing = await t.ethers.deployContract("TestReceiver", [3]);
        const receiver = getAddress(await refusing.getAddress());
        await t.mint(receiver, { 0: 1n });
        await t.mint(a, { 0: 1n });
        await t.move(a, receiver, { 0: 1n });
        expect(await t.energy.balanceOf(receiver, idOf(0))).to.equal(2n);
        await t.mint(a, { 0: 1n });
        await expect(t.energy.connect(t.alice).safeTransferFrom(a, receiver, idOf(0), 1n, "0x"))
          .to.be.revertedWithCustomError(refusing, "TestReceiver_Refused")
          .withArgs(a);
      },
    );

    fresh("moves to oneself, the same slot again and again", async (t, a) => {
      await t.mint(a, { 2: 10n, 3: 10n });
      const transfer = (ids: bigint[], values: bigint[]) =>
        t.energy.connect(t.alice).safeBatchTransferFrom(a, a, ids, values, "0x");
      await transfer([idOf(2), idOf(3), idOf(2), idOf(2)], [10n, 10n, 10n, 7n]);
      expect(await t.energy.balanceOfBatch([a, a], [idOf(2), idOf(3)])).to.deep.equal([10n, 10n]);
    });

    fresh("names the slot whose energy would not fit, of any block", async (t, a) => {
      await t.mint(a, { 0: 1n, 17: LANE_MAX_WH });
      await expect(t.mint(a, { 0: 1n, 17: 1n }))
        .to.be.revertedWithCustomError(t.energy, "EnergyToken_Overflow")
        .withArgs(a, idOf(17), LANE_MAX_WH, 1n);
    });

    fresh("names the slot that a move takes too much of", async (t, a, b) => {
      await t.mint(a, { 0: 5n, 1: 5n, 2: 5n });
      await expect(t.move(a, b, { 0: 5n, 1: 6n, 2: 7n }))
        .to.be.revertedWithCustomError(t.energy, "ERC1155InsufficientBalance")
        .withArgs(a, 5n, 6n, idOf(1));
    });

    fresh("moves nothing at all without an event", async (t, a, b) => {
      const transaction = await t.move(a, b, { 0: 0n });
      expect((await transaction.wait())?.logs).to.deep.equal([]);
    });

    fresh("refuses a word with a guard bit", async (t, a) => {
      const guarded = 1n << 31n;
      await expect(t.energy.connect(t.meters).mint(a, LINE, 0, [guarded]))
        .to.be.revertedWithCustomError(t.energy, "Profile_Malformed")
        .withArgs(guarded);
    });
  });

  describe("the most that a slot holds", () => {
    fresh("is 2^31 - 1 Wh, for a mint", async (t, a) => {
      await t.mint(a, { 4: LANE_MAX_WH - 1n });
      await expect(t.mint(a, { 3: 1n, 4: 2n }))
        .to.be.revertedWithCustomError(t.energy, "EnergyToken_Overflow")
        .withArgs(a, idOf(4), LANE_MAX_WH - 1n, 2n);
      await t.mint(a, { 4: 1n });
      expect(await t.energy.balanceOf(a, idOf(4))).to.equal(LANE_MAX_WH);
    });

    fresh("for a move and for a transfer too", async (t, a, b) => {
      await t.mint(a, { 7: 1n });
      await t.mint(b, { 7: LANE_MAX_WH });
      await expect(t.move(a, b, { 7: 1n }))
        .to.be.revertedWithCustomError(t.energy, "EnergyToken_Overflow")
        .withArgs(b, idOf(7), LANE_MAX_WH, 1n);
      await expect(t.energy.connect(t.alice).safeTransferFrom(a, b, idOf(7), 1n, "0x"))
        .to.be.revertedWithCustomError(t.energy, "EnergyToken_Overflow")
        .withArgs(b, idOf(7), LANE_MAX_WH, 1n);
    });

    fresh("leaves a full slot free to move to oneself", async (t, a) => {
      await t.mint(a, { 7: LANE_MAX_WH });
      await t.move(a, a, { 7: LANE_MAX_WH });
      await t.energy.connect(t.alice).safeTransferFrom(a, a, idOf(7), LANE_MAX_WH, "0x");
      expect(await t.energy.balanceOf(a, idOf(7))).to.equal(LANE_MAX_WH);
    });
  });

  describe("retiring", () => {
    fresh("burns and says for whom and what", async (t, a) => {
      await t.mint(a, { 0: 10n, 8: 20n });
      const { firstBlock, words } = profile({ 0: 4n, 8: 20n });
      await expect(
        t.energy
          .connect(t.alice)
          .retire(MICROGRID, SOLAR, firstBlock, words, t.bob.address, "June, Sunny Lane 4"),
      )
        .to.emit(t.energy, "Retired")
        .withArgs(a, t.bob.address, MICROGRID, SOLAR, firstBlock, words, "June, Sunny Lane 4")
        .and.to.emit(t.energy, "TransferBatch")
        .withArgs(a, a, zeroAddress, [idOf(0), idOf(8)], [4n, 20n]);
      expect(await t.energy.balanceOfBatch([a, a], [idOf(0), idOf(8)])).to.deep.equal([6n, 0n]);
    });

    fresh("takes no more than is held, of any slot", async (t, a) => {
      await t.mint(a, { 0: 10n, 1: 10n });
      await expect(t.retire(t.alice, { 0: 10n, 1: 11n }))
        .to.be.revertedWithCustomError(t.energy, "ERC1155InsufficientBalance")
        .withArgs(a, 10n, 11n, idOf(1));
      await expect(t.retire(t.bob, { 0: 1n }))
        .to.be.revertedWithCustomError(t.energy, "ERC1155InsufficientBalance")
        .withArgs(t.bob.address, 0n, 1n, idOf(0));
    });

    fresh("refuses to certify nothing", async (t, a) => {
      await t.mint(a, { 0: 10n });
      await expect(t.retire(t.alice, { 0: 0n, 8: 0n })).to.be.revertedWithCustomError(
        t.energy,
        "EnergyToken_NothingRetired",
      );
      await expect(
        t.energy.connect(t.alice).retire(MICROGRID, SOLAR, 0, [], a, ""),
      ).to.be.revertedWithCustomError(t.energy, "EnergyToken_NothingRetired");
    });

    fresh("is for good: nobody gets it back", async (t, a) => {
      await t.mint(a, { 0: 10n });
      await t.retire(t.alice, { 0: 10n });
      expect(await t.energy.balanceOf(zeroAddress, idOf(0))).to.equal(0n);
      await expect(t.retire(t.alice, { 0: 1n })).to.be.revertedWithCustomError(
        t.energy,
        "ERC1155InsufficientBalance",
      );
    });

    // Block numbers beyond the last slot's run into the next source's: what is certified must be what is burnt.
    fresh("can't burn wind in the name of the sun", async (t, a) => {
      await t.energy.connect(t.meters).mint(a, lineOf(MICROGRID, WIND), 0, [9n]);
      for (const firstBlock of [BLOCKS - 1n, 2n ** 32n - 1n]) {
        await expect(
          t.energy.connect(t.alice).retire(MICROGRID, SOLAR, firstBlock, [0n, 9n], a, ""),
        )
          .to.be.revertedWithCustomError(t.energy, "EnergyToken_BadBlocks")
          .withArgs(firstBlock, 2n);
      }
    });

    fresh("reaches the last slot there is", async (t, a) => {
      const lastBlock = BLOCKS - 1n;
      const word = 9n << 224n;
      const id = energyIdOf({ microgrid: MICROGRID, source: "Solar", slot: 2 ** 32 - 1 });
      await t.energy.connect(t.meters).mint(a, LINE, lastBlock, [word]);
      expect(await t.energy.balanceOf(a, id)).to.equal(9n);
      await t.energy.connect(t.alice).retire(MICROGRID, SOLAR, lastBlock, [word], a, "");
      expect(await t.energy.balanceOf(a, id)).to.equal(0n);
    });
  });

  describe("reading balances", () => {
    fresh("gives profiles, blocks without energy included", async (t, a) => {
      const { firstBlock, words } = profile({ 0: 1n, 7: 2n, 17: 3n });
      await t.mint(a, { 0: 1n, 7: 2n, 17: 3n });
      expect(
        await t.energy.profileOf(a, MICROGRID, SOLAR, firstBlock - 1, words.length + 2),
      ).to.deep.equal([0n, ...words, 0n]);
      expect(await t.energy.profileOf(a, MICROGRID, WIND, firstBlock, 3)).to.deep.equal([
        0n,
        0n,
        0n,
      ]);
      expect(await t.energy.profileOf(a, MICROGRID, SOLAR, firstBlock, 0)).to.deep.equal([]);
    });

    fresh("gives batches, and refuses ones of different lengths", async (t, a, b) => {
      await t.mint(a, { 0: 1n, 1: 2n });
      expect(
        await t.energy.balanceOfBatch([a, b, a, a], [idOf(1), idOf(1), idOf(0), idOf(1)]),
      ).to.deep.equal([2n, 0n, 1n, 2n]);
      await expect(t.energy.balanceOfBatch([a], [idOf(0), idOf(1)]))
        .to.be.revertedWithCustomError(t.energy, "ERC1155InvalidArrayLength")
        .withArgs(2n, 1n);
    });

    fresh("knows no other id for the same energy", async (t, a, b) => {
      await t.mint(a, { 0: 10n });
      for (let bit = 0n; bit < 256n; bit++) {
        expect(await t.energy.balanceOf(a, idOf(0) ^ (1n << bit)), `bit ${bit}`).to.equal(0n);
      }
      const beyond = idOf(0) | (1n << 72n);
      await expect(t.energy.connect(t.alice).safeTransferFrom(a, b, beyond, 1n, "0x"))
        .to.be.revertedWithCustomError(t.energy, "ERC1155InsufficientBalance")
        .withArgs(a, 0n, 1n, beyond);
    });

    fresh("names its interfaces", async (t) => {
      const interfaces = { erc165: "0x01ffc9a7", erc1155: "0xd9b67a26", metadata: "0x0e89341c" };
      for (const [name, id] of Object.entries(interfaces)) {
        expect(await t.energy.supportsInterface(id), name).to.equal(true);
      }
      expect(await t.energy.supportsInterface("0xffffffff")).to.equal(false);
      expect(await t.energy.supportsInterface("0x80ac58cd"), "ERC-721").to.equal(false);
    });
  });
});

/** What a wallet reads of a token. */
interface Metadata {
  readonly name: string;
  readonly description: string;
  readonly decimals: number;
  readonly image: string;
  readonly properties: {
    readonly microgrid: string;
    readonly source: string;
    readonly start: number;
    readonly end: number;
    readonly unit: string;
  };
}

describe("EnergyToken's metadata", () => {
  const JSON_URI = "data:application/json;base64,";
  const SVG_URI = "data:image/svg+xml;base64,";
  const NAMES = {
    "with quotes and backslashes": 'The "Sun" \\ Co\\"operative',
    "that would end a script": "</script><script>alert(1)</script>",
    "with control characters":
      "tab\t, line\n, return\r, nul\0, bell\u0007, escape\u001b, delete\u007f",
    "in other scripts": "Straßenfest Köln ☀ 電気 \u2028",
    "that is a backslash": "\\",
    "that is a quote": '"',
    "that looks like ERC-1155's placeholder": "{id}",
  };
  let world: World;
  /** The microgrid with slots of a length. */
  const microgridBySlotSeconds = new Map<number, number>();

  before(async () => {
    world = await createWorld();
    for (const slotSeconds of SLOT_LENGTHS_SECONDS) {
      microgridBySlotSeconds.set(
        slotSeconds,
        await world.found([{}], { charterOf: { slotSeconds } }),
      );
    }
  });
  after(() => world.close());

  async function metadataAt(unixSeconds: number, slotSeconds: number, source: Source = "Solar") {
    const microgrid = microgridBySlotSeconds.get(slotSeconds) ?? 0;
    const slot = slotAt(unixSeconds, slotSeconds);
    return metadataOf(energyIdOf({ microgrid, source, slot }));
  }

  async function metadataOf(id: bigint): Promise<Metadata> {
    const uri = await world.energy.uri(id);
    expect(uri.startsWith(JSON_URI)).to.equal(true);
    return JSON.parse(Buffer.from(uri.slice(JSON_URI.length), "base64").toString("utf8"));
  }

  const pictureOf = ({ image }: Metadata): string =>
    Buffer.from(image.slice(SVG_URI.length), "base64").toString("utf8");

  /** The same by JavaScript's own calendar. */
  function expected(start: number, slotSeconds: number): { date: string; time: string } {
    const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
    const clock = (seconds: number) => iso(seconds).slice(-13, -8);
    return {
      date: iso(start).slice(0, 10),
      time: `${clock(start)}-${clock(start + slotSeconds)} UTC`,
    };
  }

  async function expectRightTimes(unixSeconds: number, slotSeconds: number): Promise<void> {
    const metadata = await metadataAt(unixSeconds, slotSeconds);
    const start = unixSeconds - (unixSeconds % slotSeconds);
    const { date, time } = expected(start, slotSeconds);
    expect(metadata.name).to.equal(`Solar energy, ${date} ${time}`);
    expect(metadata.description).to.equal(
      `Electricity delivered in Sunny Lane on ${date}, ${time}. One unit is 1 Wh.`,
    );
    expect(metadata.properties).to.deep.equal({
      microgrid: "Sunny Lane",
      source: "Solar",
      start,
      end: start + slotSeconds,
      unit: "Wh",
    });
    expect(pictureOf(metadata)).to.contain(`>${date} ${time}</text>`);
  }

  it("shows kWh by three decimals, and draws a picture", async () => {
    const metadata = await metadataAt(Date.UTC(2027, 5, 7, 12) / 1000, 900);
    expect(metadata.decimals).to.equal(3);
    expect(metadata.image.startsWith(SVG_URI)).to.equal(true);
    const picture = pictureOf(metadata);
    expect(picture).to.match(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>$/);
    expect(picture.match(/<text/g)).to.have.length(2);
  });

  for (const [what, time] of [
    ["the epoch", Date.UTC(1970, 0, 1)],
    ["a leap day", Date.UTC(2028, 1, 29, 23, 45)],
    ["the day after a leap day", Date.UTC(2028, 2, 1)],
    ["the end of February without one", Date.UTC(2027, 1, 28, 23, 45)],
    ["the leap day of a century divisible by 400", Date.UTC(2000, 1, 29, 12)],
    ["a century that is no leap year", Date.UTC(2100, 1, 28, 23, 45)],
    ["the day after", Date.UTC(2100, 2, 1)],
    ["the last slot of a year", Date.UTC(2027, 11, 31, 23, 45)],
    ["the first slot of a year", Date.UTC(2028, 0, 1)],
    ["the last slot of year 9999", Date.UTC(9999, 11, 31, 23)],
  ] as const) {
    it(`tells the time on ${what}`, async () => {
      await expectRightTimes(time / 1000, 3600);
      if (time / 1000 / 300 < 2 ** 32) await expectRightTimes(time / 1000, 300);
    });
  }

  it("tells any time as JavaScript's own calendar does", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: Date.UTC(9999, 11, 31, 23) / 1000 }),
        fc.constantFrom(...SLOT_LENGTHS_SECONDS),
        expectRightTimes,
      ),
      runs(50),
    );
  }).timeout(0);

  it("calls every source by its name, in a colour of its own", async () => {
    const colours = new Set<string | undefined>();
    for (const source of SOURCES) {
      const metadata = await metadataAt(Date.UTC(2027, 5, 7) / 1000, 900, source);
      expect(metadata.name).to.match(new RegExp(`^${source} energy, `));
      expect(metadata.properties.source).to.equal(source);
      colours.add(/<rect [^>]*fill="(#[0-9a-f]{6})"/.exec(pictureOf(metadata))?.[1]);
    }
    expect(colours).to.have.property("size", SOURCES.length);
    expect(colours).not.to.contain(undefined);
  });

  for (const [what, name] of Object.entries(NAMES)) {
    it(`shows a name ${what} as it is, and keeps it out of the picture`, async () => {
      const microgrid = await world.found([{}], { charterOf: { name } });
      const metadata = await metadataOf(
        energyIdOf({ microgrid, source: "Wind", slot: START_SLOT }),
      );
      expect(metadata.properties.microgrid).to.equal(name);
      expect(metadata.description).to.contain(`delivered in ${name} on `);
      const plain = await metadataAt(START_SLOT * 900, 900, "Wind");
      expect(metadata.image).to.equal(plain.image);
    });
  }

  it("refuses ids of unknown microgrids", async () => {
    const unknown = Number(await world.microgrids.microgridCount()) + 1;
    for (const microgrid of [0, unknown, 2 ** 32 - 1]) {
      await expect(world.energy.uri(energyIdOf({ microgrid, source: "Solar", slot: START_SLOT })))
        .to.be.revertedWithCustomError(world.microgrids, "Microgrids_Unknown")
        .withArgs(microgrid);
    }
  });

  it("refuses ids of unknown sources, and ids beyond 72 bits", async () => {
    for (const id of [
      (lineOf(1, SOURCES.length) << 32n) | BigInt(START_SLOT),
      (lineOf(1, 255) << 32n) | BigInt(START_SLOT),
      idOf(0) | (1n << 72n),
      idOf(0) | (1n << 255n),
    ]) {
      await expect(world.energy.uri(id))
        .to.be.revertedWithCustomError(world.energy, "EnergyToken_UnknownId")
        .withArgs(id);
    }
  });
});
