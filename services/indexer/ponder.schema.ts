/**
 * The tables. GraphQL derives from them: `trade(id)` and `trades(where, orderBy, orderDirection, limit, after)`.
 *
 * Units, everywhere: energy in Wh; money in base units of the microgrid's currency; prices in base units per kWh; times
 * in Unix seconds; slots numbered from the Unix epoch (`slot = time / slotSeconds`), eight to a block. A `word` packs
 * the Wh of one block's eight slots as the contracts do (sdk: `unpackProfile`); a list of words starts at `firstBlock`.
 * Addresses and hashes are lower case.
 */
import { MODES, SIDES, SOURCES } from "@wattline/sdk";
import { index, onchainEnum, onchainTable, primaryKey, relations } from "ponder";

/** What energy is made from. */
export const source = onchainEnum("source", SOURCES);
/** How a microgrid stands to the world. */
export const mode = onchainEnum("mode", MODES);
export const side = onchainEnum("side", SIDES);
/**
 * What a row of `trade` is: minted energy taken of one order (accept) or matched in a batch (settle), energy to come
 * (reserve), and a reserved block that was delivered or fell short (release).
 */
export const tradeKind = onchainEnum("trade_kind", ["accept", "settle", "reserve", "release"]);
/** Open while anything is reserved, released when nothing is any more. */
export const positionState = onchainEnum("position_state", ["open", "released"]);
export const moneyMoveKind = onchainEnum("money_move_kind", [
  "deposit",
  "withdrawal",
  "lock",
  "cancelAll",
]);

/** Communities, as they stand now, with their totals. */
export const microgrid = onchainTable(
  "microgrid",
  (t) => ({
    /** Its number, from 1. */
    id: t.integer().primaryKey(),
    name: t.text().notNull(),
    operator: t.hex().notNull(),
    /** To whom the operator's role is offered. */
    pendingOperator: t.hex(),
    /** Who earns the network fee. */
    dso: t.hex().notNull(),
    mode: mode().notNull(),
    /** Since when it has been in this mode. */
    modeSince: t.bigint().notNull(),
    latitudeTenths: t.integer().notNull(),
    longitudeTenths: t.integer().notNull(),
    currency: t.hex().notNull(),
    slotSeconds: t.integer().notNull(),
    /** Seconds after a slot's end by which its reading must have arrived for forwards. */
    reportingDeadline: t.bigint().notNull(),
    /** Tariffs now, in base units per kWh; `tariff` has their history. */
    feedIn: t.bigint().notNull(),
    retail: t.bigint().notNull(),
    networkFee: t.bigint().notNull(),
    islandPriceCap: t.bigint().notNull(),
    /** Wh per slot that an ordinary meter may buy directly while islanded. */
    islandRationWh: t.bigint().notNull(),
    /** The newest version in `tariff`. */
    tariffVersion: t.integer().notNull(),
    foundedAt: t.bigint().notNull(),
    /** Meters in service. */
    meters: t.integer().notNull(),
    /** Reported by its meters. */
    producedWh: t.bigint().notNull(),
    /** Traded between neighbours, without the grid, as arrived here: taken, matched or released. */
    tradedWh: t.bigint().notNull(),
    /** What buyers here paid for it. */
    tradedCost: t.bigint().notNull(),
    /** Of those trades, how many. */
    trades: t.integer().notNull(),
    retiredWh: t.bigint().notNull(),
  }),
  (table) => ({ operatorIndex: index().on(table.operator) }),
);

/** Every set of tariffs that a microgrid has had. */
export const tariff = onchainTable(
  "tariff",
  (t) => ({
    microgrid: t.integer().notNull(),
    /** Counted from 0 (founding). */
    version: t.integer().notNull(),
    /** In force from this moment to the next version's. */
    since: t.bigint().notNull(),
    /** Base units per kWh. */
    feedIn: t.bigint().notNull(),
    retail: t.bigint().notNull(),
    networkFee: t.bigint().notNull(),
    islandPriceCap: t.bigint().notNull(),
    islandRationWh: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.microgrid, table.version] }) }),
);

/** Every mode that was declared, the founding included. */
export const modeChange = onchainTable(
  "mode_change",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    microgrid: t.integer().notNull(),
    mode: mode().notNull(),
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({ microgridIndex: index().on(table.microgrid, table.time) }),
);

/** Agreed tie lines. From `effectiveAt` on, the `next` terms hold where there are any. */
export const tieLine = onchainTable(
  "tie_line",
  (t) => ({
    lower: t.integer().notNull(),
    higher: t.integer().notNull(),
    /** Hundredths of a percent. */
    lossBps: t.integer().notNull(),
    /** Wh per slot in each direction. */
    capacityWh: t.bigint().notNull(),
    /** Base units per kWh sent from lower to higher. */
    wheelingUp: t.bigint().notNull(),
    /** Base units per kWh sent from higher to lower. */
    wheelingDown: t.bigint().notNull(),
    nextLossBps: t.integer(),
    nextCapacityWh: t.bigint(),
    nextWheelingUp: t.bigint(),
    nextWheelingDown: t.bigint(),
    /** When the next terms take effect, or the first ones did. */
    effectiveAt: t.bigint().notNull(),
    /** Wh ever sent, reserved forwards included. */
    sentUpWh: t.bigint().notNull(),
    sentDownWh: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.lower, table.higher] }),
    higherIndex: index().on(table.higher),
  }),
);

/** Terms that one operator has proposed and the other not yet agreed to. */
export const tieLineProposal = onchainTable(
  "tie_line_proposal",
  (t) => ({
    lower: t.integer().notNull(),
    higher: t.integer().notNull(),
    /** Whose operator proposed. */
    by: t.integer().notNull(),
    lossBps: t.integer().notNull(),
    capacityWh: t.bigint().notNull(),
    wheelingUp: t.bigint().notNull(),
    wheelingDown: t.bigint().notNull(),
    time: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.lower, table.higher] }) }),
);

/** What went over a tie line in a block, in one direction; equals `flowOf` and `Crossed`. */
export const flow = onchainTable(
  "flow",
  (t) => ({
    from: t.integer().notNull(),
    to: t.integer().notNull(),
    block: t.integer().notNull(),
    /** As sent, reserved forwards included whether they were delivered or not. */
    word: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.from, table.to, table.block] }),
    blockIndex: index().on(table.block),
  }),
);

/** Meters, retired ones included. A meter is the address of its device key. */
export const meter = onchainTable(
  "meter",
  (t) => ({
    address: t.hex().primaryKey(),
    microgrid: t.integer().notNull(),
    owner: t.hex().notNull(),
    source: source().notNull(),
    /** The most it can export, in W; 0 for a pure consumer. */
    capacityW: t.bigint().notNull(),
    critical: t.boolean().notNull(),
    active: t.boolean().notNull(),
    registeredAt: t.bigint().notNull(),
    retiredAt: t.bigint(),
    reportedWh: t.bigint().notNull(),
    readings: t.integer().notNull(),
    /** The last slot that any reading covers. */
    lastSlot: t.bigint(),
    /** When its newest reading arrived. */
    lastReadingAt: t.bigint(),
  }),
  (table) => ({
    microgridIndex: index().on(table.microgrid),
    ownerIndex: index().on(table.owner),
  }),
);

/** Readings that were accepted. */
export const reading = onchainTable(
  "reading",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    meter: t.hex().notNull(),
    microgrid: t.integer().notNull(),
    source: source().notNull(),
    /** Who owned the meter then. */
    owner: t.hex().notNull(),
    firstBlock: t.integer().notNull(),
    lastBlock: t.integer().notNull(),
    /** The first and the last slot that it covers. */
    firstSlot: t.bigint().notNull(),
    lastSlot: t.bigint().notNull(),
    /** As signed: the guard bit of a lane says that the slot is covered. */
    words: t.bigint().array().notNull(),
    exportedWh: t.bigint().notNull(),
    /** By the device key; null when the call was hidden in another contract's. */
    signature: t.hex(),
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({
    meterIndex: index().on(table.meter, table.firstBlock),
    ownerIndex: index().on(table.owner, table.firstBlock),
    microgridIndex: index().on(table.microgrid, table.firstBlock),
    txIndex: index().on(table.txHash),
  }),
);

/** What a microgrid's meters reported in a slot, by source. */
export const production = onchainTable(
  "production",
  (t) => ({
    microgrid: t.integer().notNull(),
    slot: t.bigint().notNull(),
    source: source().notNull(),
    reportedWh: t.bigint().notNull(),
    /** Readings that cover the slot. */
    readings: t.integer().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.microgrid, table.slot, table.source] }) }),
);

/** Energy that is held, eight slots a row; equals `profileOf`. */
export const balance = onchainTable(
  "balance",
  (t) => ({
    holder: t.hex().notNull(),
    microgrid: t.integer().notNull(),
    source: source().notNull(),
    block: t.integer().notNull(),
    word: t.bigint().notNull(),
    /** The sum of its lanes. */
    energyWh: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.holder, table.microgrid, table.source, table.block] }),
    microgridIndex: index().on(table.microgrid, table.block),
  }),
);

/** Energy that holders gave one another as ERC-1155 tokens, outside the market, a block a row. */
export const transfer = onchainTable(
  "transfer",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().notNull(),
    microgrid: t.integer().notNull(),
    source: source().notNull(),
    block: t.integer().notNull(),
    from: t.hex().notNull(),
    to: t.hex().notNull(),
    word: t.bigint().notNull(),
    energyWh: t.bigint().notNull(),
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.id, table.microgrid, table.source, table.block] }),
    fromIndex: index().on(table.from),
    toIndex: index().on(table.to),
  }),
);

/**
 * Orders that the chain has seen: filled, or pinned on the board. The board checks nothing, so a pinned one may be
 * anything. When the call was hidden in another contract's, only hash, maker, nonce and fill are known.
 *
 * Still open is an order whose `fill` is neither cancelled nor used up, whose `deadline` has not passed, and whose
 * `counter` is the maker's `account.counter`.
 */
export const order = onchainTable(
  "order",
  (t) => ({
    /** Its EIP-712 digest. */
    hash: t.hex().primaryKey(),
    maker: t.hex().notNull(),
    nonce: t.bigint().notNull(),
    microgrid: t.integer(),
    /** The zero address where none is named. */
    meter: t.hex(),
    side: side(),
    /** Bit i: the i-th of the sdk's `SOURCES`. */
    sources: t.integer(),
    firstSlot: t.bigint(),
    lastSlot: t.bigint(),
    /** Wh at most over all slots together. */
    energyWh: t.bigint(),
    /** Base units per kWh: what an offer's maker receives, what a bid's maker pays. */
    price: t.bigint(),
    forward: t.boolean(),
    /** Base units per kWh. */
    bond: t.bigint(),
    /** The zero address for anyone. */
    counterparty: t.hex(),
    counter: t.bigint(),
    deadline: t.bigint(),
    /** The one that it was filled by; before that, the first one it was pinned with. */
    signature: t.hex(),
    /** Filled under this very order; `fill` has what counts, for all orders with its maker and nonce. */
    filledWh: t.bigint().notNull(),
    /** When it was first pinned on the board; null when it wasn't. */
    pinnedAt: t.bigint(),
    /** When and in which transaction it was first seen. */
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({
    makerIndex: index().on(table.maker, table.nonce),
    microgridIndex: index().on(table.microgrid, table.pinnedAt),
    meterIndex: index().on(table.meter),
  }),
);

/** Every time that anyone pinned an order on the board, with a signature that may be anything. */
export const pin = onchainTable(
  "pin",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    orderHash: t.hex().notNull(),
    microgrid: t.integer().notNull(),
    maker: t.hex().notNull(),
    signature: t.hex().notNull(),
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({
    microgridIndex: index().on(table.microgrid, table.time),
    makerIndex: index().on(table.maker),
  }),
);

/** What is filled of all orders with a maker and nonce, and whether they are cancelled; equals `fillOf`. */
export const fill = onchainTable(
  "fill",
  (t) => ({
    maker: t.hex().notNull(),
    nonce: t.bigint().notNull(),
    filledWh: t.bigint().notNull(),
    cancelled: t.boolean().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.maker, table.nonce] }) }),
);

/**
 * The settlement history: a row per accepted take, settled match, reservation and released block. Money counts in `cost`
 * when it changes hands; a `reserve` only locks it, so sums leave that kind out.
 */
export const trade = onchainTable(
  "trade",
  (t) => ({
    /** `txHash-logIndex` of Traded, Matched, Reserved or Released. */
    id: t.text().primaryKey(),
    kind: tradeKind().notNull(),
    seller: t.hex().notNull(),
    buyer: t.hex().notNull(),
    /** Who signed the order and who took it; null in a batch, where both signed, and for a release. */
    maker: t.hex(),
    taker: t.hex(),
    /** The seller's order, where there is one. */
    offerHash: t.hex(),
    /** The buyer's order, where there is one. */
    bidHash: t.hex(),
    /** Of a forward. */
    positionId: t.hex(),
    /** A forward's meter; else what the seller's order names, if any. */
    sellerMeter: t.hex(),
    /** What the buyer's order or take names, if any. */
    buyerMeter: t.hex(),
    source: source().notNull(),
    /** Where the energy was sent from and where it arrived; the same unless it crossed a tie line. */
    fromMicrogrid: t.integer().notNull(),
    toMicrogrid: t.integer().notNull(),
    firstBlock: t.integer().notNull(),
    /** The first and the last slot with energy: slots between them may have none. */
    firstSlot: t.bigint().notNull(),
    lastSlot: t.bigint().notNull(),
    /** As sent. */
    words: t.bigint().array().notNull(),
    sentWh: t.bigint().notNull(),
    /** Less what the tie line lost. */
    arrivedWh: t.bigint().notNull(),
    /** Of a release, what had been reserved. */
    reservedWh: t.bigint(),
    /** What the buyer paid in all; for a reserve, what was locked. */
    cost: t.bigint().notNull(),
    /** Of it, what DSOs received; the seller got the rest. For a reserve, what they will at most. */
    charge: t.bigint().notNull(),
    /** What the seller's bond locked (reserve) or paid the buyer for shortfall (release). */
    bond: t.bigint().notNull(),
    /** Of a release, what went back to the buyer. */
    refund: t.bigint().notNull(),
    /** `cost` per kWh that arrived, rounded down; 0 for nothing. */
    pricePerKwh: t.bigint().notNull(),
    /** What the retailer would have charged for what arrived, at the tariff in force when each slot ended; rounded up. */
    retailCost: t.bigint().notNull(),
    /** What the grid would have paid for what was sent, at the tariff in force when each slot ended; rounded down. */
    feedInValue: t.bigint().notNull(),
    /** The buyer's gain: `retailCost - cost`, and a release's bond. */
    saved: t.bigint().notNull(),
    /** The seller's gain: `cost - charge - feedInValue`, less a release's bond. */
    earned: t.bigint().notNull(),
    /** Whether seller or buyer is a DSO of the two microgrids: then it is the grid's standing order, no neighbour. */
    withGrid: t.boolean().notNull(),
    time: t.bigint().notNull(),
    blockNumber: t.bigint().notNull(),
    txHash: t.hex().notNull(),
    logIndex: t.integer().notNull(),
    /** `blockNumber * 1000000 + logIndex`: sorts trades as they happened. */
    sequence: t.bigint().notNull(),
    /** Of the whole transaction, which may hold more trades. */
    gasUsed: t.bigint().notNull(),
  }),
  (table) => ({
    toIndex: index().on(table.toMicrogrid, table.sequence),
    fromIndex: index().on(table.fromMicrogrid, table.sequence),
    sellerIndex: index().on(table.seller, table.sequence),
    buyerIndex: index().on(table.buyer, table.sequence),
    sellerMeterIndex: index().on(table.sellerMeter),
    buyerMeterIndex: index().on(table.buyerMeter),
    slotIndex: index().on(table.firstSlot, table.lastSlot),
    txIndex: index().on(table.txHash),
    positionIndex: index().on(table.positionId),
    offerIndex: index().on(table.offerHash),
    bidIndex: index().on(table.bidHash),
  }),
);

/** Matches that a batch skipped. */
export const skip = onchainTable(
  "skip",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    offerHash: t.hex().notNull(),
    bidHash: t.hex().notNull(),
    /** The selector of the error that it would have met alone. */
    reason: t.hex().notNull(),
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({ offerIndex: index().on(table.offerHash), bidIndex: index().on(table.bidHash) }),
);

/** Forwards: one row per set of terms and block. */
export const position = onchainTable(
  "position",
  (t) => ({
    /** The hash of the terms. */
    positionId: t.hex().notNull(),
    block: t.integer().notNull(),
    seller: t.hex().notNull(),
    buyer: t.hex().notNull(),
    meter: t.hex().notNull(),
    source: source().notNull(),
    fromMicrogrid: t.integer().notNull(),
    toMicrogrid: t.integer().notNull(),
    currency: t.hex().notNull(),
    /** Base units per kWh sent: to the seller, to the DSOs, forfeited on shortfall. */
    price: t.bigint().notNull(),
    charge: t.bigint().notNull(),
    bond: t.bigint().notNull(),
    lossBps: t.integer().notNull(),
    state: positionState().notNull(),
    /** Reserved and not yet released; equals `reservedOf`. */
    reserved: t.bigint().notNull(),
    reservedWh: t.bigint().notNull(),
    /** What the buyer and the seller have locked for it. */
    locked: t.bigint().notNull(),
    bonded: t.bigint().notNull(),
    /** All that follows is zero until it is released. Sent per slot, before loss. */
    delivered: t.bigint().notNull(),
    deliveredWh: t.bigint().notNull(),
    /** What was reserved of what is released. */
    promisedWh: t.bigint().notNull(),
    /** To the seller, to the DSOs, back to the buyer, of the bond to the buyer. */
    paid: t.bigint().notNull(),
    charged: t.bigint().notNull(),
    refund: t.bigint().notNull(),
    forfeited: t.bigint().notNull(),
    /** Until then the reading of its last slot must have arrived; after it, anyone can release whatever came. */
    deadline: t.bigint().notNull(),
    reservedAt: t.bigint().notNull(),
    releasedAt: t.bigint(),
    /** The newest transactions. */
    reserveTx: t.hex().notNull(),
    releaseTx: t.hex(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.positionId, table.block] }),
    sellerIndex: index().on(table.seller, table.state),
    buyerIndex: index().on(table.buyer, table.state),
    meterIndex: index().on(table.meter, table.block),
  }),
);

/** How well a seller has kept its forwards so far. */
export const deliveryRecord = onchainTable("delivery_record", (t) => ({
  seller: t.hex().primaryKey(),
  /** Of the blocks that were released. */
  promisedWh: t.bigint().notNull(),
  deliveredWh: t.bigint().notNull(),
  blocks: t.integer().notNull(),
  /** How many of them fell short. */
  shortBlocks: t.integer().notNull(),
  forfeited: t.bigint().notNull(),
}));

/** Delivered energy that was lost because its holder's lane was full. */
export const unmintable = onchainTable("unmintable", (t) => ({
  /** `txHash-logIndex` */
  id: t.text().primaryKey(),
  holder: t.hex().notNull(),
  microgrid: t.integer().notNull(),
  source: source().notNull(),
  block: t.integer().notNull(),
  word: t.bigint().notNull(),
  txHash: t.hex().notNull(),
}));

/** Money in escrow; equals `accountOf`. What forwards have locked is in `position`, not here. */
export const account = onchainTable(
  "account",
  (t) => ({
    currency: t.hex().notNull(),
    holder: t.hex().notNull(),
    balance: t.bigint().notNull(),
    /** Orders carry it; those signed with an earlier one are cancelled. */
    counter: t.bigint().notNull(),
    /** No withdrawal before then; 0 for never locked. */
    lockedUntil: t.bigint().notNull(),
    deposited: t.bigint().notNull(),
    withdrawn: t.bigint().notNull(),
    /** Network fees and wheeling charges received as a DSO. */
    charges: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.currency, table.holder] }),
    holderIndex: index().on(table.holder),
  }),
);

/** Money in and out, and what a holder did to its account. */
export const moneyMove = onchainTable(
  "money_move",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    kind: moneyMoveKind().notNull(),
    currency: t.hex().notNull(),
    holder: t.hex().notNull(),
    /** Deposited or withdrawn; 0 otherwise. */
    amount: t.bigint().notNull(),
    /** Where a withdrawal went. */
    to: t.hex(),
    /** Of a lock, its end; of cancelAll, the new counter. */
    value: t.bigint(),
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({
    holderIndex: index().on(table.holder, table.time),
    txIndex: index().on(table.txHash),
  }),
);

/** Who may sign for whom; an allowance of 0 was revoked or is used up. */
export const delegate = onchainTable(
  "delegate",
  (t) => ({
    maker: t.hex().notNull(),
    currency: t.hex().notNull(),
    delegate: t.hex().notNull(),
    /** What is left to spend, base units. */
    allowance: t.bigint().notNull(),
    /** What its orders have drawn so far. */
    drawn: t.bigint().notNull(),
    authorizedAt: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.maker, table.currency, table.delegate] }),
    delegateIndex: index().on(table.delegate),
  }),
);

/** Energy that was used up: each row is a granular certificate. */
export const retirement = onchainTable(
  "retirement",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    holder: t.hex().notNull(),
    beneficiary: t.hex().notNull(),
    microgrid: t.integer().notNull(),
    source: source().notNull(),
    firstBlock: t.integer().notNull(),
    firstSlot: t.bigint().notNull(),
    lastSlot: t.bigint().notNull(),
    words: t.bigint().array().notNull(),
    energyWh: t.bigint().notNull(),
    purpose: t.text().notNull(),
    time: t.bigint().notNull(),
    blockNumber: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({
    holderIndex: index().on(table.holder, table.time),
    beneficiaryIndex: index().on(table.beneficiary, table.time),
    microgridIndex: index().on(table.microgrid, table.time),
    txIndex: index().on(table.txHash),
  }),
);

/** What a slot of a microgrid has cost its buyers. Trades with the grid have no part in prices. */
export const slotPrice = onchainTable(
  "slot_price",
  (t) => ({
    microgrid: t.integer().notNull(),
    slot: t.bigint().notNull(),
    /** Minted energy bought from neighbours (accept, settle), as arrived. */
    energyWh: t.bigint().notNull(),
    /** What buyers paid for it: the volume-weighted price is `cost * 1000 / energyWh`. */
    cost: t.bigint().notNull(),
    /** That price, rounded down to a base unit per kWh; 0 without trade. */
    volumeWeightedPrice: t.bigint().notNull(),
    /** Trades that touched the slot. */
    trades: t.integer().notNull(),
    /** The price of the newest batch that cleared here, base units per kWh; null without one. */
    clearingPrice: t.bigint(),
    /** The newest, the lowest and the highest price of an accepted take or batch, base units per kWh. */
    lastPrice: t.bigint(),
    lowPrice: t.bigint(),
    highPrice: t.bigint(),
    /** The same for what was reserved before the slot: sent, and locked for it. */
    forwardWh: t.bigint().notNull(),
    forwardCost: t.bigint().notNull(),
    forwards: t.integer().notNull(),
    /** Sold to the grid by its standing order here. */
    gridWh: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.microgrid, table.slot] }) }),
);

/**
 * What a household's trades (accept, settle, release) came to, by the hour in which the energy was delivered: hours make
 * days and months in any time zone. A trade over several hours is split by energy; its parts add up to the whole.
 */
export const earning = onchainTable(
  "earning",
  (t) => ({
    holder: t.hex().notNull(),
    microgrid: t.integer().notNull(),
    /** Unix seconds of the hour's start. */
    hour: t.bigint().notNull(),
    /** As sent, to neighbours and to the grid; `toGridWh` is the grid's part. */
    soldWh: t.bigint().notNull(),
    toGridWh: t.bigint().notNull(),
    /** For what was sold, charges taken off. */
    received: t.bigint().notNull(),
    /** What it would have brought at the feed-in tariff. */
    feedInValue: t.bigint().notNull(),
    /** `received - feedInValue - bondPaid`. */
    earned: t.bigint().notNull(),
    /** As arrived. */
    boughtWh: t.bigint().notNull(),
    paid: t.bigint().notNull(),
    /** What it would have cost at the retail tariff. */
    retailCost: t.bigint().notNull(),
    /** `retailCost - paid + bondReceived`. */
    saved: t.bigint().notNull(),
    /** Bonds forfeited for what was not delivered. */
    bondPaid: t.bigint().notNull(),
    bondReceived: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.holder, table.microgrid, table.hour] }),
    hourIndex: index().on(table.microgrid, table.hour),
  }),
);

/** Transactions with any event of Wattline. */
export const transaction = onchainTable(
  "transaction",
  (t) => ({
    hash: t.hex().primaryKey(),
    blockNumber: t.bigint().notNull(),
    index: t.integer().notNull(),
    time: t.bigint().notNull(),
    /** Who sent it, and to which contract; null for one that creates a contract. */
    from: t.hex().notNull(),
    to: t.hex(),
    gasUsed: t.bigint().notNull(),
    /** Wei per gas. */
    gasPrice: t.bigint().notNull(),
    /** Names of the functions called, those within a multicall one by one; "unknown" for a foreign contract's. */
    calls: t.text().array().notNull(),
  }),
  (table) => ({
    fromIndex: index().on(table.from),
    blockIndex: index().on(table.blockNumber),
  }),
);

/** What the events of one transaction leave open for later ones of it. Empty between transactions. */
export const pending = onchainTable("pending", (t) => ({
  txHash: t.hex().primaryKey(),
  /** As JSON. */
  state: t.text().notNull(),
}));

export const microgridRelations = relations(microgrid, ({ many }) => ({
  members: many(meter),
  tariffs: many(tariff),
  modes: many(modeChange),
}));
export const tariffRelations = relations(tariff, ({ one }) => ({
  of: one(microgrid, { fields: [tariff.microgrid], references: [microgrid.id] }),
}));
export const modeChangeRelations = relations(modeChange, ({ one }) => ({
  of: one(microgrid, { fields: [modeChange.microgrid], references: [microgrid.id] }),
}));
export const meterRelations = relations(meter, ({ one, many }) => ({
  in: one(microgrid, { fields: [meter.microgrid], references: [microgrid.id] }),
  history: many(reading),
}));
export const readingRelations = relations(reading, ({ one }) => ({
  of: one(meter, { fields: [reading.meter], references: [meter.address] }),
  transaction: one(transaction, { fields: [reading.txHash], references: [transaction.hash] }),
}));
export const orderRelations = relations(order, ({ one }) => ({
  fill: one(fill, { fields: [order.maker, order.nonce], references: [fill.maker, fill.nonce] }),
}));
export const pinRelations = relations(pin, ({ one }) => ({
  order: one(order, { fields: [pin.orderHash], references: [order.hash] }),
}));
export const tradeRelations = relations(trade, ({ one }) => ({
  offer: one(order, { fields: [trade.offerHash], references: [order.hash] }),
  bid: one(order, { fields: [trade.bidHash], references: [order.hash] }),
  transaction: one(transaction, { fields: [trade.txHash], references: [transaction.hash] }),
}));
export const retirementRelations = relations(retirement, ({ one }) => ({
  transaction: one(transaction, { fields: [retirement.txHash], references: [transaction.hash] }),
}));
