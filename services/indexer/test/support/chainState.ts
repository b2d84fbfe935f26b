import {
  type Deployment,
  energyTokenAbi,
  marketplaceAbi,
  metersAbi,
  modeAt,
  sourceIndex,
} from "@wattline/sdk";
import { expect } from "chai";
import { createPublicClient, getAddress, http } from "viem";
import type * as rows from "../../client/rows.ts";

/** The rows of every table that the contracts' views can confirm. */
export interface Confirmable {
  readonly microgrids: readonly rows.MicrogridRow[];
  readonly meters: readonly rows.MeterRow[];
  readonly balances: readonly rows.BalanceRow[];
  readonly accounts: readonly rows.AccountRow[];
  readonly orders: readonly rows.OrderRow[];
  readonly positions: readonly rows.PositionRow[];
  readonly flows: readonly rows.FlowRow[];
  readonly delegates: readonly rows.DelegateRow[];
}

/** Checks every row against the contracts' views. */
export async function expectAsOnChain(
  { marketplace, meters, energy }: Deployment,
  rpcUrl: string,
  known: Confirmable,
): Promise<void> {
  const client = createPublicClient({ transport: http(rpcUrl, { batch: true }) });
  const market = { address: marketplace, abi: marketplaceAbi } as const;
  const registry = { address: meters, abi: metersAbi } as const;
  const token = { address: energy, abi: energyTokenAbi } as const;

  for (const row of known.microgrids) {
    const on = await client.readContract({
      ...registry,
      functionName: "microgridOf",
      args: [row.id],
    });
    expect({
      ...on.charter,
      ...on.tariffs,
      operator: on.operator,
      dso: on.dso,
      mode: modeAt(on.mode),
    }).to.deep.equal({
      name: row.name,
      latitudeTenths: row.latitudeTenths,
      longitudeTenths: row.longitudeTenths,
      currency: getAddress(row.currency),
      slotSeconds: row.slotSeconds,
      reportingDeadline: row.reportingDeadline,
      feedIn: row.feedIn,
      retail: row.retail,
      networkFee: row.networkFee,
      islandPriceCap: row.islandPriceCap,
      islandRation: Number(row.islandRationWh),
      operator: getAddress(row.operator),
      dso: getAddress(row.dso),
      mode: row.mode,
    });
  }
  await Promise.all([
    ...known.meters.map(async (row) => {
      const on = await client.readContract({
        ...registry,
        functionName: "meterOf",
        args: [row.address],
      });
      expect([
        on.owner,
        on.microgrid,
        on.source,
        BigInt(on.capacityW),
        on.critical,
        on.active,
      ]).to.deep.equal([
        getAddress(row.owner),
        row.microgrid,
        sourceIndex(row.source),
        row.capacityW,
        row.critical,
        row.active,
      ]);
    }),
    ...known.balances.map(async (row) => {
      const on = await client.readContract({
        ...token,
        functionName: "profileOf",
        args: [row.holder, row.microgrid, sourceIndex(row.source), row.block, 1n],
      });
      expect(on, `${row.holder} in block ${row.block}`).to.deep.equal([row.word]);
    }),
    ...known.accounts.map(async (row) => {
      const on = await client.readContract({
        ...market,
        functionName: "accountOf",
        args: [row.currency, row.holder],
      });
      expect(on, row.holder).to.deep.equal({
        balance: row.balance,
        counter: row.counter,
        lockedUntil: BigInt(row.lockedUntil),
      });
    }),
    ...known.orders.map(async (row) => {
      const on = await client.readContract({
        ...market,
        functionName: "fillOf",
        args: [row.maker, row.nonce],
      });
      expect(on, row.hash).to.deep.equal([row.fill?.filledWh, row.fill?.cancelled]);
    }),
    ...known.positions.map(async (row) => {
      const on = await client.readContract({
        ...market,
        functionName: "reservedOf",
        args: [row.positionId, row.block],
      });
      expect(on, `${row.positionId} in block ${row.block}`).to.equal(row.reserved);
    }),
    ...known.flows.map(async (row) => {
      const on = await client.readContract({
        ...market,
        functionName: "flowOf",
        args: [row.from, row.to, row.block],
      });
      expect(on, `block ${row.block}`).to.equal(row.word);
    }),
    ...known.delegates.map(async (row) => {
      const on = await client.readContract({
        ...market,
        functionName: "allowanceOf",
        args: [row.maker, row.currency, row.delegate],
      });
      expect(on, row.delegate).to.equal(row.allowance);
    }),
  ]);
}
