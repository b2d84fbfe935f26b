import { mandateData, mandateTypedData, marketplaceAbi, type UnsignedMandate } from "@wattline/sdk";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type Address, decodeErrorResult, encodeFunctionData, erc20Abi, type Hex } from "viem";
import { START } from "../../relay/test/support/node.ts";
import type { localAccount } from "../../relay/test/support/world.ts";
import type { Auctioneer } from "../src/auctioneer.ts";
import { AuctioneerError, handIn } from "../src/client.ts";
import { serveMandates } from "../src/mandates/server.ts";
import { Operator, type Wishes } from "./support/operator.ts";
import { sceneOfTests } from "./support/scene.ts";

type Account = ReturnType<typeof localAccount>;

describe("What households sign and the auctioneer sends", () => {
  const scene = sceneOfTests();
  const signal = new AbortController().signal;
  const deadline = START + 30 * 86_400;
  let operator: Operator;
  let server: Awaited<ReturnType<typeof serveMandates>>;
  let auctioneer: Auctioneer;

  beforeEach(async () => {
    operator = await Operator.of(scene().world, 7);
    await open();
  });
  afterEach(async () => {
    await server.stop();
    await scene().world.client.setAutomine(true);
    await operator.remove();
  });

  /** An auctioneer with its server; one that was open before is closed, as if its process had ended. */
  async function open(wishes: Wishes = {}): Promise<void> {
    await server?.stop();
    auctioneer = operator.byHand({ mandates: {}, ...wishes });
    await auctioneer.round(signal);
    const { mandates } = auctioneer;
    if (mandates === undefined) throw new Error("The auctioneer takes no mandates.");
    server = await serveMandates({ host: "127.0.0.1", port: 0 }, mandates);
  }

  const withdrawal = (by: Account, amount = 1_000_000n, currency = scene().world.euro) =>
    ({
      type: "Withdrawal",
      holder: by.address,
      message: { holder: by.address, currency, amount, to: by.address },
    }) satisfies UnsignedMandate;

  /** The calldata of a mandate that `by` has signed. */
  async function signed(by: Account, unsigned: UnsignedMandate, nonce = 0n): Promise<Hex> {
    const { types, primaryType, message } = mandateTypedData(unsigned, { nonce, deadline });
    const signature = await by.signTypedData({
      domain: scene().world.domain,
      types,
      primaryType,
      message,
    });
    return mandateData({ ...unsigned, message: { ...unsigned.message, deadline }, signature });
  }

  const give = (data: Hex) => handIn(server.url, data);
  const walletOf = ({ address }: Account, currency: Address = scene().world.euro) =>
    scene().world.client.readContract({
      address: currency,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [address],
    });
  const sentCount = () =>
    scene().world.client.getTransactionCount({ address: operator.account.address });

  async function refusalOf(given: Promise<unknown>): Promise<AuctioneerError> {
    const error = await given.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof AuctioneerError) return error;
    throw new Error(`It was not refused: ${String(error)}`);
  }
  const errorIn = ({ data }: AuctioneerError) =>
    data && decodeErrorResult({ abi: marketplaceAbi, data }).errorName;

  it("goes out once, however often it is handed in, and the answer names the transaction", async () => {
    const { joe } = scene();
    const data = await signed(joe, withdrawal(joe));
    expect(await Promise.all([give(data), give(data)])).to.deep.equal([
      { status: "waiting" },
      { status: "waiting" },
    ]);
    expect(await auctioneer.round(signal)).to.equal("sent");
    const sent = await give(data);
    if (sent.status !== "sent") throw new Error(`It is ${sent.status}.`);
    expect(await auctioneer.round(signal)).to.equal("idle");
    expect(await give(data)).to.deep.equal({ status: "done", hash: sent.hash });
    expect(await walletOf(joe)).to.equal(1_000_000n);
    const { from } = await scene().world.client.getTransaction({ hash: sent.hash });
    expect(from).to.equal(operator.account.address.toLowerCase());
    expect(await sentCount()).to.equal(1);

    // A new process knows it from its files.
    await open();
    expect(await give(data)).to.deep.equal({ status: "done", hash: sent.hash });
    expect(await sentCount()).to.equal(1);
  });

  it("goes out before what the auctioneer clears, without a round too", async () => {
    const { joe, ann } = scene();
    const offer = await scene().offer();
    await scene().world.pin(joe, [offer, await scene().bid(joe, 2_000)]);
    const lock = {
      type: "Locking",
      holder: ann.address,
      message: {
        holder: ann.address,
        currency: scene().world.euro,
        settler: operator.account.address,
        signer: joe.address,
        until: START + 86_400,
      },
    } as const;
    await give(await signed(ann, lock));
    expect(await auctioneer.sendMandate()).to.equal("sent");
    const { lockedUntil } = await scene().world.client.readContract({
      address: scene().world.deployment.marketplace,
      abi: marketplaceAbi,
      functionName: "accountOf",
      args: [scene().world.euro, ann.address],
    });
    expect(lockedUntil).to.equal(START + 86_400);
    expect(await scene().filled(offer)).to.equal(0n);
    expect(await auctioneer.sendMandate()).to.equal("idle");
  });

  it("is refused with the reason when it would fail, and costs nothing then", async () => {
    const { joe, ann } = scene();
    const forged = await refusalOf(give(await signed(ann, withdrawal(joe))));
    expect([forged.status, errorIn(forged)]).to.deep.equal([422, "Mandates_BadSignature"]);
    const tooMuch = await refusalOf(give(await signed(joe, withdrawal(joe, 10n ** 12n))));
    expect([tooMuch.status, errorIn(tooMuch)]).to.deep.equal([422, "Escrow_InsufficientBalance"]);

    // Both are good when they come; after the first the second is not any more.
    const [first, second] = [
      await signed(joe, withdrawal(joe)),
      await signed(joe, withdrawal(joe, 2_000_000n)),
    ];
    await give(first);
    await give(second);
    await auctioneer.round(signal);
    await auctioneer.round(signal);
    expect((await give(first)).status).to.equal("done");
    const late = await refusalOf(give(second));
    expect(errorIn(late)).to.equal("Mandates_BadSignature");
    expect(await sentCount()).to.equal(1);
  });

  it("is nothing but what a household has signed about a currency of the community", async () => {
    const { joe, world } = scene();
    const statusOf = async (data: Hex) => (await refusalOf(give(data))).status;
    const deposit = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "deposit",
      args: [world.euro, 1n],
    });
    const good = await signed(joe, withdrawal(joe));
    expect(await statusOf(deposit)).to.equal(400);
    expect(await statusOf(`${good}00`)).to.equal(400);
    expect(await statusOf("0x")).to.equal(400);
    expect(await statusOf("nothing" as Hex)).to.equal(400);
    const foreign = await signed(joe, withdrawal(joe, 1n, world.deployment.energy));
    expect(await statusOf(foreign)).to.equal(422);
    const multicall = encodeFunctionData({
      abi: marketplaceAbi,
      functionName: "multicall",
      args: [[good]],
    });
    expect(await statusOf(multicall)).to.equal(400);
  });

  it("is counted by household and day, and by the day's budget", async () => {
    const { joe, ann, bob } = scene();
    await open({ mandates: { householdADay: 1, allADay: 2 } });
    await give(await signed(joe, withdrawal(joe)));
    const second = await refusalOf(give(await signed(joe, withdrawal(joe, 5n))));
    expect(second.status).to.equal(429);
    expect(second.message).to.match(/has had 1 calls a day sent\. The next can go in \d+ min\.$/);
    await give(await signed(ann, withdrawal(ann)));
    const third = await refusalOf(give(await signed(bob, withdrawal(bob))));
    expect(third.message).to.match(/^All households together have had 2 calls a day sent/);

    await open({ mostADay: "0.0000001" });
    const data = await signed(bob, withdrawal(bob));
    expect(await give(data)).to.deep.equal({ status: "waiting" });
    expect(await auctioneer.round(signal)).to.equal("idle");
    const poor = await refusalOf(give(data));
    expect([poor.status, poor.message]).to.deep.equal([
      503,
      "The community has paid as much in fees today as it wants to. Try tomorrow.",
    ]);
    expect(await sentCount()).to.equal(0);
  });
});
