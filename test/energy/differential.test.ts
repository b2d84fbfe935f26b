import { LANE_MAX_WH, LANES } from "@wattline/sdk";
import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { describe, it } from "mocha";
import {
  type Address,
  decodeErrorResult,
  encodeFunctionData,
  getAddress,
  type Hex,
  isHex,
  parseAbi,
  toHex,
  zeroAddress,
} from "viem";
import { runs } from "../support/runs.ts";

/*
 * Holders see a plain ERC-1155: the same random steps on {EnergyToken} and on OpenZeppelin's own contract leave the
 * same balances, the same events in the same order (the receivers' included) and the same errors, byte for byte.
 *
 * Where they differ by design, the reference is adapted: minting and market moves run no receiver hook; they name slots
 * in order and only those with energy; and no id ever has more than a lane holds, where ours would revert with an error
 * of its own (see energyToken.test.ts).
 */

const STEPS = 30;

const SOLAR = 0;
const LINES = [lineOf(1, SOLAR), lineOf(1, 1), lineOf(2 ** 32 - 1, 6)] as const;
const FIRST_BLOCK = 227_000;
const BLOCKS = 2;
const SLOTS = Array.from({ length: BLOCKS * LANES }, (_, i) => FIRST_BLOCK * LANES + i);
const MINTED_IDS = LINES.flatMap((line) => SLOTS.map((slot) => idOf(line, slot)));
const EMPTY_IDS = [
  0n,
  idOf(LINES[0], SLOTS[0] ?? 0) | (1n << 72n),
  idOf(LINES[0], 2 ** 32 - 1),
  2n ** 256n - 1n,
];
const ALL_IDS = [...MINTED_IDS, ...EMPTY_IDS];

const EOAS = ["alice", "bob", "carol"] as const;
const ANSWERS = ["accepting", "wrong", "silent revert", "own error", "panic"] as const;
const HOLDERS = [...EOAS, ...ANSWERS, "no receiver"] as const;
type Holder = (typeof HOLDERS)[number];
type Party = Holder | "nobody";

const shared = parseAbi([
  "function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes data)",
  "function safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] values, bytes data)",
  "function setApprovalForAll(address operator, bool approved)",
  "error ERC1155InsufficientBalance(address sender, uint256 balance, uint256 needed, uint256 tokenId)",
  "error ERC1155InvalidSender(address sender)",
  "error ERC1155InvalidReceiver(address receiver)",
  "error ERC1155MissingApprovalForAll(address operator, address owner)",
  "error ERC1155InvalidApprover(address approver)",
  "error ERC1155InvalidOperator(address operator)",
  "error ERC1155InvalidArrayLength(uint256 idsLength, uint256 valuesLength)",
  "error TestReceiver_Refused(address from)",
  "error Panic(uint256 code)",
]);
const ours = parseAbi([
  "function mint(address to, uint256 line, uint256 firstBlock, uint256[] energy)",
  "function move(address from, address to, uint256 line, uint256 firstBlock, uint256[] energy)",
  "function retire(uint32 microgrid, uint8 source, uint32 firstBlock, uint256[] energy, address beneficiary, string purpose)",
]);
const reference = parseAbi([
  "function update(address from, address to, uint256[] ids, uint256[] values)",
  "function burn(uint256[] ids, uint256[] values)",
]);

/** Wh in each slot of one of the series. */
interface Energy {
  readonly line: bigint;
  readonly lanes: readonly bigint[];
}

type Step =
  | { readonly kind: "mint"; readonly to: Holder; readonly energy: Energy }
  | { readonly kind: "move"; readonly from: Holder; readonly to: Holder; readonly energy: Energy }
  | { readonly kind: "retire"; readonly caller: Holder; readonly energy: Energy }
  | {
      readonly kind: "transfer";
      readonly caller: Holder;
      readonly from: Party;
      readonly to: Party;
      readonly id: bigint;
      readonly value: bigint;
      readonly data: Hex;
    }
  | {
      readonly kind: "batch";
      readonly caller: Holder;
      readonly from: Party;
      readonly to: Party;
      readonly ids: readonly bigint[];
      readonly values: readonly bigint[];
      readonly data: Hex;
    }
  | {
      readonly kind: "approve";
      readonly caller: Holder;
      readonly operator: Party;
      readonly approved: boolean;
    };

/** The caller, and the arguments for each of the two contracts. */
interface Calls {
  readonly caller: Address;
  readonly ours: Hex;
  readonly reference: Hex;
}

interface Outcome {
  readonly error?: Hex;
  readonly events?: readonly {
    readonly by: string;
    readonly topics: string[];
    readonly data: string;
  }[];
}

describe("EnergyToken beside OpenZeppelin's ERC-1155", () => {
  it("does the same in every random sequence of steps", async () => {
    const world = await createPair();
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
        const pair = await world.deploy();
        const supply = new Map<bigint, bigint>();
        for (const next of [...ENDOWMENT, ...steps]) {
          const calls = callsOf(fitted(next, supply), world.addressOf, world.meters, world.market);
          if (calls === undefined) continue;
          const outcome = await pair.both(calls);
          expect(outcome.ours, describeStep(next)).to.deep.equal(outcome.reference);
          const result = `${next.kind}: ${nameOf(outcome.ours)}`;
          seen.set(result, (seen.get(result) ?? 0) + 1);
        }
        const balances = await pair.balances();
        expect(balances.ours).to.deep.equal(balances.reference);
      }),
      { ...runs(50), endOnFailure: true },
    );
    // The comparison is only worth as much as the cases that its steps reach.
    for (const result of REACHED) expect(seen.get(result), result).to.be.greaterThan(4);
    await world.close();
  }).timeout(0);
});

const REACHED = [
  "approve: ERC1155InvalidOperator",
  "approve: success",
  "batch: ERC1155InsufficientBalance",
  "batch: ERC1155InvalidArrayLength",
  "batch: ERC1155InvalidReceiver",
  "batch: ERC1155MissingApprovalForAll",
  "batch: Panic",
  "batch: TestReceiver_Refused",
  "batch: success",
  "mint: success",
  "move: ERC1155InsufficientBalance",
  "move: success",
  "retire: ERC1155InsufficientBalance",
  "retire: success",
  "transfer: ERC1155InsufficientBalance",
  "transfer: ERC1155InvalidReceiver",
  "transfer: ERC1155MissingApprovalForAll",
  "transfer: Panic",
  "transfer: TestReceiver_Refused",
  "transfer: success",
];

function lineOf(microgrid: number, source: number): bigint {
  return (BigInt(microgrid) << 8n) | BigInt(source);
}

function idOf(line: bigint, slot: number): bigint {
  return (line << 32n) | BigInt(slot);
}

// Random steps meet only where there is little to choose from: most go between few holders, who start with energy,
// and over few slots on both sides of a block's end.
const BUSY_HOLDERS = ["alice", "bob", "accepting"] as const;
const BUSY_LINES = LINES.slice(0, 2);
const BUSY_IDS = BUSY_LINES.flatMap((line) =>
  SLOTS.slice(LANES - 2, LANES + 1).map((slot) => idOf(line, slot)),
);
const ENDOWMENT: readonly Step[] = BUSY_HOLDERS.flatMap((to) =>
  BUSY_LINES.map((line) => ({ kind: "mint", to, energy: { line, lanes: SLOTS.map(() => 100n) } })),
);
const holder: fc.Arbitrary<Holder> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...BUSY_HOLDERS) },
  { weight: 1, arbitrary: fc.constantFrom(...HOLDERS) },
);
const party: fc.Arbitrary<Party> = fc.oneof(
  { weight: 2, arbitrary: holder },
  { weight: 1, arbitrary: fc.constantFrom(...HOLDERS, "nobody") },
);
const wh = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0n) },
  { weight: 4, arbitrary: fc.bigInt(1n, 20n) },
  { weight: 1, arbitrary: fc.constantFrom(LANE_MAX_WH, LANE_MAX_WH - 1n) },
);
const energy: fc.Arbitrary<Energy> = fc.record({
  line: fc.constantFrom(LINES[0], LINES[0], ...LINES),
  lanes: fc.array(wh, { minLength: SLOTS.length, maxLength: SLOTS.length }),
});
const littleEnergy: fc.Arbitrary<Energy> = fc
  .tuple(fc.constantFrom(...LINES), fc.nat(SLOTS.length - 1), fc.nat(SLOTS.length - 1))
  .map(([line, one, other]) => ({
    line,
    lanes: SLOTS.map((_, i) => (i === one || i === other ? 1n : 0n)),
  }));
const id = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...BUSY_IDS) },
  { weight: 2, arbitrary: fc.constantFrom(...MINTED_IDS) },
  { weight: 1, arbitrary: fc.constantFrom(...EMPTY_IDS) },
);
const value = fc.oneof(
  { weight: 12, arbitrary: fc.bigInt(0n, 6n) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(LANE_MAX_WH, 2n ** 31n, 2n ** 32n + 1n, 2n ** 256n - 1n),
  },
);
const data = fc.constantFrom<Hex>("0x", "0x77617474", toHex("a longer message ".repeat(4)));
/** A holder mostly moves its own energy. */
const mover = fc
  .tuple(holder, party, fc.nat(3))
  .map(([caller, other, luck]) => ({ caller, from: luck > 0 ? caller : other }));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("mint" as const), to: holder, energy }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("move" as const),
      from: holder,
      to: holder,
      energy: fc.oneof(energy, littleEnergy),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("retire" as const),
      caller: holder,
      energy: fc.oneof(energy, littleEnergy),
    }),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(mover, fc.record({ to: party, id, value, data }))
      .map(([who, what]) => ({ kind: "transfer" as const, ...who, ...what })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        mover,
        fc.record({
          to: party,
          // Few slots of one series, so that ids repeat within a batch.
          ids: fc.oneof(
            fc.array(id, { maxLength: 5 }),
            fc.array(fc.constantFrom(...BUSY_IDS.slice(1, 3)), { maxLength: 5 }),
          ),
          values: fc.array(fc.oneof(value, fc.constantFrom(0n, 1n)), {
            minLength: 5,
            maxLength: 5,
          }),
          skew: fc.oneof(
            { weight: 7, arbitrary: fc.constant(0) },
            { weight: 1, arbitrary: fc.constantFrom(-1, 1) },
          ),
          data,
        }),
      )
      .map(([who, { to, ids, values, skew, data: message }]) => ({
        kind: "batch" as const,
        ...who,
        to,
        ids,
        values: values.slice(0, Math.max(0, ids.length + skew)),
        data: message,
      })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("approve" as const),
      caller: holder,
      operator: party,
      approved: fc.oneof(
        { weight: 3, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
    }),
  },
);

/** Mints no more of an id than its lane can still hold. */
function fitted(next: Step, supply: Map<bigint, bigint>): Step {
  if (next.kind !== "mint") return next;
  const { line, lanes } = next.energy;
  const fitting = lanes.map((wh, i) => {
    const minted = idOf(line, SLOTS[i] ?? 0);
    const before = supply.get(minted) ?? 0n;
    const added = wh < LANE_MAX_WH - before ? wh : LANE_MAX_WH - before;
    supply.set(minted, before + added);
    return added;
  });
  return { ...next, energy: { line, lanes: fitting } };
}

/** The step as a call of each contract; none when it would move nothing at all. */
function callsOf(
  next: Step,
  addressOf: (party: Party) => Address,
  meters: Address,
  market: Address,
): Calls | undefined {
  const both = (caller: Holder, call: Hex): Calls => ({
    caller: addressOf(caller),
    ours: call,
    reference: call,
  });
  switch (next.kind) {
    case "mint":
    case "move":
    case "retire": {
      const { line, lanes } = next.energy;
      const moved = lanes.flatMap((wh, i) =>
        wh === 0n ? [] : [{ id: idOf(line, SLOTS[i] ?? 0), wh }],
      );
      if (moved.length === 0) return undefined;
      const words = packed(lanes);
      const ids = moved.map((each) => each.id);
      const values = moved.map(({ wh }) => wh);
      if (next.kind === "retire") {
        const caller = addressOf(next.caller);
        const [microgrid, source] = [Number(line >> 8n), Number(line & 0xffn)];
        return {
          caller,
          ours: encodeFunctionData({
            abi: ours,
            functionName: "retire",
            args: [microgrid, source, FIRST_BLOCK, words, caller, ""],
          }),
          reference: encodeFunctionData({
            abi: reference,
            functionName: "burn",
            args: [ids, values],
          }),
        };
      }
      const from = next.kind === "mint" ? zeroAddress : addressOf(next.from);
      const to = addressOf(next.to);
      const place = [line, BigInt(FIRST_BLOCK), words] as const;
      return {
        caller: next.kind === "mint" ? meters : market,
        ours:
          next.kind === "mint"
            ? encodeFunctionData({ abi: ours, functionName: "mint", args: [to, ...place] })
            : encodeFunctionData({ abi: ours, functionName: "move", args: [from, to, ...place] }),
        reference: encodeFunctionData({
          abi: reference,
          functionName: "update",
          args: [from, to, ids, values],
        }),
      };
    }
    case "transfer":
      return both(
        next.caller,
        encodeFunctionData({
          abi: shared,
          functionName: "safeTransferFrom",
          args: [addressOf(next.from), addressOf(next.to), next.id, next.value, next.data],
        }),
      );
    case "batch":
      return both(
        next.caller,
        encodeFunctionData({
          abi: shared,
          functionName: "safeBatchTransferFrom",
          args: [addressOf(next.from), addressOf(next.to), next.ids, next.values, next.data],
        }),
      );
    case "approve":
      return both(
        next.caller,
        encodeFunctionData({
          abi: shared,
          functionName: "setApprovalForAll",
          args: [addressOf(next.operator), next.approved],
        }),
      );
  }
}

function packed(lanes: readonly bigint[]): bigint[] {
  return Array.from({ length: BLOCKS }, (_, block) =>
    lanes
      .slice(block * LANES, (block + 1) * LANES)
      .reduceRight((word, wh) => (word << 32n) | wh, 0n),
  );
}

/** The output of a failure: the step, with its bigints written out. */
const describeStep = (next: Step): string =>
  JSON.stringify(next, (_, each: unknown) => (typeof each === "bigint" ? `${each}` : each));

function nameOf({ error }: Outcome): string {
  if (error === undefined) return "success";
  if (error === "0x") return "nothing";
  return decodeErrorResult({ abi: shared, data: error }).errorName;
}

/** A chain with all accounts, and as many pairs of the two contracts as requested. */
async function createPair() {
  const connection = await network.create();
  const { ethers, provider } = connection;
  const [meters, market, ...people] = await ethers.getSigners();
  if (meters === undefined || market === undefined) throw new Error("No accounts are left.");
  const metadata = await ethers.deployContract("EnergyMetadata");
  const addresses = new Map<Party, Address>([["nobody", zeroAddress]]);
  for (const [i, name] of EOAS.entries()) {
    addresses.set(name, getAddress(people[i]?.address ?? zeroAddress));
  }
  for (const [answer, name] of ANSWERS.entries()) {
    const receiver = await ethers.deployContract("TestReceiver", [answer]);
    addresses.set(name, getAddress(await receiver.getAddress()));
  }
  addresses.set("no receiver", getAddress(await metadata.getAddress()));
  for (const name of [...ANSWERS, "no receiver"] as const) {
    const address = addressOf(name);
    await provider.request({ method: "hardhat_impersonateAccount", params: [address] });
    await provider.request({ method: "hardhat_setBalance", params: [address, toHex(10n ** 24n)] });
  }

  function addressOf(name: Party): Address {
    const address = addresses.get(name);
    if (address === undefined) throw new Error(`${name} has no address.`);
    return address;
  }

  async function deploy() {
    const energyToken = await ethers.deployContract(
      "EnergyToken",
      [meters?.address, market?.address],
      { libraries: { EnergyMetadata: await metadata.getAddress() } },
    );
    const plain = await ethers.deployContract("ReferenceERC1155");
    const retired = energyToken.interface.getEvent("Retired")?.topicHash;

    async function send(token: typeof plain | typeof energyToken, from: Address, call: Hex) {
      const to = await token.getAddress();
      let hash: unknown;
      try {
        hash = await provider.request({
          method: "eth_sendTransaction",
          params: [{ from, to, data: call, gas: toHex(5_000_000) }],
        });
      } catch (error) {
        return { error: revertOf(error) } satisfies Outcome;
      }
      const receipt = await ethers.provider.getTransactionReceipt(String(hash));
      const events = (receipt?.logs ?? [])
        .filter(({ topics }) => topics[0] !== retired)
        .map((log) => ({
          by: log.address === to ? "token" : log.address,
          topics: [...log.topics],
          data: log.data,
        }));
      return { events } satisfies Outcome;
    }

    const holders = HOLDERS.flatMap((name) => ALL_IDS.map(() => addressOf(name)));
    const ids = HOLDERS.flatMap(() => ALL_IDS);
    return {
      both: async (calls: Calls): Promise<{ ours: Outcome; reference: Outcome }> => ({
        ours: await send(energyToken, calls.caller, calls.ours),
        reference: await send(plain, calls.caller, calls.reference),
      }),
      balances: async () => ({
        ours: [...(await energyToken.balanceOfBatch(holders, ids))],
        reference: [...(await plain.balanceOfBatch(holders, ids))],
      }),
    };
  }

  return {
    meters: getAddress(meters.address),
    market: getAddress(market.address),
    addressOf,
    deploy,
    close: () => connection.close(),
  };
}

/** What a contract returned when it reverted; any other error is thrown. */
function revertOf(error: unknown): Hex {
  if (error instanceof Error && "data" in error) {
    const { data } = error;
    if (isHex(data)) return data;
  }
  throw error;
}
