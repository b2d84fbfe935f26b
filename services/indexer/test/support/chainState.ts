import {
  type Deployment,
  energyTokenAbi,
  FIRST_FIRM_NONCE,
  marketplaceAbi,
  metersAbi,
  microgridsAbi,
  sourceIndex,
} from "@wattline/sdk";
import { expect } from "chai";
import { createPublicClient, getAddress, http, zeroAddress } from "viem";
import { askAt } from "../../client/graphql.ts";
import * as rows from "../../client/rows.ts";

/** The rows of every table that the contracts' views can confirm. */
export interface Confirmable {
  readonly microgrids: readonly rows.MicrogridRow[];
  readonly schedules: readonly rows.ScheduleRow[];
  readonly rations: readonly rows.RationRow[];
  readonly meters: readonly rows.MeterRow[];
  readonly balances: readonly rows.BalanceRow[];
  readonly accounts: readonly rows.AccountRow[];
  readonly orders: readonly rows.OrderRow[];
  readonly positions: readonly rows.PositionRow[];
  readonly positionBlocks: readonly rows.PositionBlockRow[];
  readonly flows: readonly rows.FlowRow[];
  readonly delegates: readonly rows.DelegateRow[];
}

/** All rows that an indexer has of them. */
export async function confirmableAt(url: string): Promise<Confirmable> {
  const { all } = askAt(url, fetch);
  return {
    microgrids: await all("microgrids", "microgridFilter", rows.microgrid, {}),
    schedules: await all("schedules", "scheduleFilter", rows.schedule, {}),
    rations: await all("rations", "rationFilter", rows.ration, {}),
    meters: await all("meters", "meterFilter", rows.meter, {}),
    balances: await all("balances", "balanceFilter", rows.balance, {}),
    accounts: await all("accounts", "accountFilter", rows.account, {}),
    orders: await all("orders", "orderFilter", rows.order, {}),
    positions: await all("positions", "positionFilter", rows.position, {}),
    positionBlocks: await all("positionBlocks", "positionBlockFilter", rows.positionBlock, {}),
    flows: await all("flows", "flowFilter", rows.flow, {}),
    delegates: await all("delegates", "delegateFilter", rows.delegate, {}),
  };
}

/** Checks every row against the contracts' views. */
export async function expectAsOnChain(
  { marketplace, microgrids, meters, energy }: Deployment,
  rpcUrl: string,
  known: Confirmable,
): Promise<void> {
  const client = createPublicClient({ transport: http(rpcUrl, { batch: true }) });
  const market = { address: marketplace, abi: marketplaceAbi } as const;
  const community = { address: microgrids, abi: microgridsAbi } as const;
  const registry = { address: meters, abi: metersAbi } as const;
  const token = { address: energy, abi: energyTokenAbi } as const;

  for (const row of known.microgrids) {
    const { ration, ...on } = await client.readContract({
      ...community,
      functionName: "microgridOf",
      args: [row.id],
    });
    // Which one holds now depends on the node's clock; what holds from which slot on is compared below.
    const rations = known.rations.filter(({ microgrid }) => microgrid === row.id);
    expect(rations.map(({ rationWh }) => rationWh)).to.include(BigInt(ration));
    expect(on).to.deep.equal({
      operator: getAddress(row.operator),
      pendingOperator: getAddress(row.pendingOperator ?? zeroAddress),
      dso: getAddress(row.dso),
      islanded: row.islanded,
      closed: row.closedFrom !== null,
      schedules: row.schedules,
      charter: {
        name: row.name,
        latitudeTenths: row.latitudeTenths,
        longitudeTenths: row.longitudeTenths,
        currency: getAddress(row.currency),
        slotSeconds: row.slotSeconds,
        reportingDeadline: row.reportingDeadline,
        utcOffsetMinutes: row.utcOffsetMinutes,
      },
    });
  }
  await Promise.all([
    ...known.schedules.map(async (row) => {
      const { endSlot, levels, ...on } = await client.readContract({
        ...community,
        functionName: "scheduleOf",
        args: [row.microgrid, row.number],
      });
      expect({ ...on, levelOfHour: BigInt(on.levelOfHour) }).to.deep.equal({
        firstSlot: row.firstSlot,
        levelOfHour: row.levelOfHour,
      });
      const told = row.prices.map((price, index) => ({
        price,
        fee: row.fees[index],
        cap: row.caps[index],
        feedIn: row.feedIns[index],
        retail: row.retails[index],
      }));
      expect(levels).to.deep.equal(told);
    }),
    ...known.rations.map(async (row) => {
      const on = await client.readContract({
        ...community,
        functionName: "rationOf",
        args: [row.microgrid, row.fromSlot],
      });
      expect(BigInt(on), `from slot ${row.fromSlot}`).to.equal(row.rationWh);
    }),
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
        on.pendingOwner,
        on.movingTo,
      ]).to.deep.equal([
        getAddress(row.owner),
        row.microgrid,
        sourceIndex(row.source),
        row.capacityW,
        row.critical,
        row.active,
        getAddress(row.pendingOwner ?? zeroAddress),
        row.movingTo ?? 0,
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
        balance: row.balanceMillis,
        counter: row.counter,
        lockedUntil: row.lockedUntil,
      });
    }),
    ...known.orders.map(async (row) => {
      const { maker, nonce, settler, fill } = row;
      if (nonce >= FIRST_FIRM_NONCE && settler !== null) {
        const currency = known.microgrids.find(({ id }) => id === row.microgrid)?.currency;
        const on = await client.readContract({
          ...market,
          functionName: "firmFillOf",
          args: [maker, currency ?? zeroAddress, settler, nonce],
        });
        expect(on, row.hash).to.equal(fill?.filledWh);
        return;
      }
      const on = await client.readContract({
        ...market,
        functionName: "fillOf",
        args: [maker, nonce],
      });
      expect(on, row.hash).to.deep.equal([fill?.filledWh, fill?.cancelled]);
    }),
    ...known.positions.map(async (row) => {
      const on = await client.readContract({
        ...market,
        functionName: "openOf",
        args: [row.positionId],
      });
      const open = known.positionBlocks
        .filter(({ positionId, state }) => positionId === row.positionId && state === "open")
        .map(({ block }) => 1n << BigInt(block - row.firstBlock));
      expect(on, row.positionId).to.equal(open.reduce((bits, bit) => bits | bit, 0n));
      expect(row.open, row.positionId).to.equal(open.length);
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
      expect(on, row.delegate).to.deep.equal({ amount: row.allowanceMillis, until: row.until });
    }),
  ]);
}
