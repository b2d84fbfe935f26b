import { createRequire } from "node:module";
import { type Address, maxUint256, zeroHash } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { type Artifact, accountOf, type Chain, type Contract, callOf } from "../chain/chain.ts";
import { BenchFailure } from "../failure.ts";
import { CASES, pairsOf, type Row, type System } from "../row.ts";
import { checkedArtifact, isRecord } from "./artifact.ts";
import { benchArtifact, costOf, DEADLINE, WH } from "./goods.ts";

const require = createRequire(import.meta.url);

/** Sell orders that are filled completely, from and to ERC-20 balances, signed by EIP-712: the cheapest kind. */
const FLAGS = 0n;
const ORDER_TYPES = {
  Order: [
    { name: "sellToken", type: "address" },
    { name: "buyToken", type: "address" },
    { name: "receiver", type: "address" },
    { name: "sellAmount", type: "uint256" },
    { name: "buyAmount", type: "uint256" },
    { name: "validTo", type: "uint32" },
    { name: "appData", type: "bytes32" },
    { name: "feeAmount", type: "uint256" },
    { name: "kind", type: "string" },
    { name: "partiallyFillable", type: "bool" },
    { name: "sellTokenBalance", type: "string" },
    { name: "buyTokenBalance", type: "string" },
  ],
} as const;

/**
 * CoW Protocol's settlement: pairs of opposite orders at one price. It trades ERC-20 only, so a slot's energy is one
 * here. Each order has its own storage word, which is new in every row.
 */
export const cow: System = {
  name: "CoW Protocol",
  async open(chain) {
    const solver = accountOf("solver").address;
    const vault = accountOf("Balancer's vault, which no order here uses").address;
    const authentication = await chain.deploy(packaged("GPv2AllowListAuthentication"));
    await chain.send(callOf(solver, authentication, "initializeManager", [solver]));
    await chain.send(callOf(solver, authentication, "addSolver", [solver]));
    const settlement = await chain.deploy(
      packaged("GPv2Settlement"),
      authentication.address,
      vault,
    );
    const relayer = await chain.read(settlement, "vaultRelayer");
    const energy = await chain.deploy(await benchArtifact("TestEuro"));
    const euro = await chain.deploy(await benchArtifact("TestEuro"));

    const give = (token: Contract, to: Address, amount: bigint) =>
      chain.send(callOf(solver, token, "mint", [to, amount]));
    const approve = (token: Contract, from: Address) =>
      chain.send(callOf(from, token, "approve", [relayer, maxUint256]));

    return [1, 5, 20, 50].flatMap((pairs) =>
      CASES.map(
        (state): Row => ({
          name: `settle, ${pairsOf(pairs)} of 1 slot`,
          work: "match signed orders",
          slots: 1,
          pairs,
          case: state,
          async prepare() {
            // A settlement contract in use has some of every token.
            await give(energy, settlement.address, 1n);
            await give(euro, settlement.address, 1n);
            const trades = [];
            for (let i = 0; i < pairs; i++) {
              const [seller, buyer] = [accountOf(`seller ${i}`), accountOf(`buyer ${i}`)];
              await give(energy, seller.address, 8n * WH);
              await give(euro, buyer.address, 8n * costOf(1));
              await approve(energy, seller.address);
              await approve(euro, buyer.address);
              if (state === "warm") {
                await give(euro, seller.address, 1n);
                await give(energy, buyer.address, 1n);
              }
              const offer = { sell: energy, buy: euro, sellAmount: WH, buyAmount: costOf(1) };
              const bid = { sell: euro, buy: energy, sellAmount: costOf(1), buyAmount: WH };
              trades.push(
                await tradeOf(chain, settlement, seller, offer, [0n, 1n]),
                await tradeOf(chain, settlement, buyer, bid, [1n, 0n]),
              );
            }
            const tokens = [energy.address, euro.address];
            const prices = [costOf(1), WH];
            return [callOf(solver, settlement, "settle", [tokens, prices, trades, [[], [], []]])];
          },
        }),
      ),
    );
  },
};

interface Swap {
  readonly sell: Contract;
  readonly buy: Contract;
  readonly sellAmount: bigint;
  readonly buyAmount: bigint;
}

async function tradeOf(
  chain: Chain,
  settlement: Contract,
  maker: PrivateKeyAccount,
  { sell, buy, sellAmount, buyAmount }: Swap,
  [sellTokenIndex, buyTokenIndex]: readonly [bigint, bigint],
) {
  const order = {
    receiver: maker.address,
    sellAmount,
    buyAmount,
    validTo: Number(DEADLINE),
    appData: zeroHash,
    feeAmount: 0n,
  };
  const signature = await maker.signTypedData({
    domain: {
      name: "Gnosis Protocol",
      version: "v2",
      chainId: chain.chainId,
      verifyingContract: settlement.address,
    },
    types: ORDER_TYPES,
    primaryType: "Order",
    message: {
      ...order,
      sellToken: sell.address,
      buyToken: buy.address,
      kind: "sell",
      partiallyFillable: false,
      sellTokenBalance: "erc20",
      buyTokenBalance: "erc20",
    },
  });
  return { ...order, sellTokenIndex, buyTokenIndex, flags: FLAGS, executedAmount: 0n, signature };
}

/** A contract as `@cowprotocol/contracts` ships it. */
function packaged(name: string): Artifact {
  const path = `@cowprotocol/contracts/lib/contracts/${name}.json`;
  let json: unknown;
  try {
    json = require(path);
  } catch {
    throw new BenchFailure(`The artifact ${path} is missing: run npm ci.`);
  }
  if (!isRecord(json)) throw new BenchFailure(`The artifact ${path} is not a contract.`);
  return checkedArtifact(path, json.abi, json.bytecode);
}
