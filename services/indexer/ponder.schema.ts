/**
 * The tables. Ponder derives the GraphQL API from them: `trade(id)` and `trades(where, orderBy, orderDirection, limit,
 * after)`.
 *
 * Units, everywhere: energy in Wh; money in thousandths of a base unit of the microgrid's currency where a name ends in
 * `Millis`, else in base units; prices in base units per kWh; times in Unix seconds; slots numbered from the Unix epoch (`slot = time / slotSeconds`), eight to a block. A `word` packs
 * the Wh of one block's eight slots as the contracts do (sdk: `unpackProfile`); a list of words starts at `firstBlock`.
 * Addresses and hashes are lower case.
 */
import { SIDES, SOURCES } from "@wattline/sdk";
import { index, onchainEnum, onchainTable, primaryKey, relations } from "ponder";

/** What energy is made from. */
export const source = onchainEnum("source", SOURCES);
export const side = onchainEnum("side", SIDES);
/**
 * The kind of a trade: minted energy taken from one order (accept) or matched in a batch (settle), energy reserved
 * before delivery (reserve), and a reserved block that was delivered or fell short (release).
 */
export const tradeKind = onchainEnum("trade_kind", ["accept", "settle", "reserve", "release"]);
/** A block of a forward: open until it is settled; undelivered when some of its slots were called so. */
export const blockState = onchainEnum("block_state", ["open", "released", "undelivered"]);
export const moneyMoveKind = onchainEnum("money_move_kind", [
  "deposit",
  "withdrawal",
  "lock",
  "cancelAll",
]);

/** Microgrids in their current state, with their totals. */
export const microgrid = onchainTable(
  "microgrid",
  (t) => ({
    /** Its number, from 1. */
    id: t.integer().primaryKey(),
    name: t.text().notNull(),
    operator: t.hex().notNull(),
    /** The account that is offered the operator's role. */
    pendingOperator: t.hex(),
    /** Who earns the network fee. */
    dso: t.hex().notNull(),
    /** Whether it is islanded now; `island` has the slots. */
    islanded: t.boolean().notNull(),
    /** Slots from here on don't trade; null when it is open. */
    closedFrom: t.bigint(),
    latitudeTenths: t.integer().notNull(),
    longitudeTenths: t.integer().notNull(),
    currency: t.hex().notNull(),
    slotSeconds: t.integer().notNull(),
    /** Seconds after a slot's end from which its missing reading can be called undelivered. */
    reportingDeadline: t.bigint().notNull(),
    /** By how much its clock, which knows no summer time, is ahead of UTC. */
    utcOffsetMinutes: t.integer().notNull(),
    /** The number of its schedules: see `schedule`. */
    schedules: t.integer().notNull(),
    /** The whole microgrid as JSON, as the sdk reads it from the events: what holds for which slot. */
    state: t.text().notNull(),
    foundedAt: t.bigint().notNull(),
    /** Meters in service. */
    meters: t.integer().notNull(),
    /** Wh reported by its meters. */
    producedWh: t.bigint().notNull(),
    /** Wh traded between neighbours, without the grid, as arrived here: accepted, matched or released. */
    tradedWh: t.bigint().notNull(),
    /** Their cost to buyers here. */
    tradedCostMillis: t.bigint().notNull(),
    /** The number of those trades. */
    trades: t.integer().notNull(),
    retiredWh: t.bigint().notNull(),
  }),
  (table) => ({ operatorIndex: index().on(table.operator) }),
);

/** Prices by hour of day, as announced: in force from `firstSlot` to before the next one's. */
export const schedule = onchainTable(
  "schedule",
  (t) => ({
    microgrid: t.integer().notNull(),
    /** Its number, from 0: what a trade names. */
    number: t.integer().notNull(),
    firstSlot: t.bigint().notNull(),
    /** Two bits an hour of the community's day, hour 0 lowest: a level. */
    levelOfHour: t.bigint().notNull(),
    /** By level, base units per kWh. */
    prices: t.bigint().array().notNull(),
    fees: t.bigint().array().notNull(),
    caps: t.bigint().array().notNull(),
    feedIns: t.bigint().array().notNull(),
    retails: t.bigint().array().notNull(),
    announcedAt: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.microgrid, table.number] }) }),
);

/** Islanded slots: declared when it happened, or afterwards. */
export const island = onchainTable(
  "island",
  (t) => ({
    /** "microgrid-number"; of slots declared afterwards `txHash-logIndex`. */
    id: t.text().primaryKey(),
    microgrid: t.integer().notNull(),
    firstSlot: t.bigint().notNull(),
    /** Included; null while it lasts. */
    lastSlot: t.bigint(),
    /** Whether it was declared afterwards: that binds only orders under a lock. */
    declared: t.boolean().notNull(),
    time: t.bigint().notNull(),
    endedAt: t.bigint(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({ microgridIndex: index().on(table.microgrid, table.firstSlot) }),
);

/** What an ordinary meter may buy of an islanded slot, from a slot on. */
export const ration = onchainTable(
  "ration",
  (t) => ({
    microgrid: t.integer().notNull(),
    fromSlot: t.bigint().notNull(),
    rationWh: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.microgrid, table.fromSlot] }) }),
);

/** Agreed tie lines. From `effectiveAt` on, the `next` terms apply if there are any; no capacity means an announced end. */
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
    /** When the next terms take effect, or when the first ones did. */
    effectiveAt: t.bigint().notNull(),
    /** Wh ever sent, what open forwards hold included. */
    sentUpWh: t.bigint().notNull(),
    sentDownWh: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.lower, table.higher] }),
    higherIndex: index().on(table.higher),
  }),
);

/** Terms that one operator has proposed and the other has not agreed to yet. */
export const tieLineProposal = onchainTable(
  "tie_line_proposal",
  (t) => ({
    lower: t.integer().notNull(),
    higher: t.integer().notNull(),
    /** The proposing operator's microgrid. */
    by: t.integer().notNull(),
    lossBps: t.integer().notNull(),
    capacityWh: t.bigint().notNull(),
    wheelingUp: t.bigint().notNull(),
    wheelingDown: t.bigint().notNull(),
    time: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.lower, table.higher] }) }),
);

/** Energy over a tie line in a block, in one direction; equals `flowOf` and `Crossed`. */
export const flow = onchainTable(
  "flow",
  (t) => ({
    from: t.integer().notNull(),
    to: t.integer().notNull(),
    block: t.integer().notNull(),
    /** As sent, including what open forwards hold. */
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
    /** Who has been offered the meter. */
    pendingOwner: t.hex(),
    /** The microgrid that may register it next. */
    movingTo: t.integer(),
    source: source().notNull(),
    /** The most it can export, in W; 0 for a pure consumer. */
    capacityW: t.bigint().notNull(),
    critical: t.boolean().notNull(),
    active: t.boolean().notNull(),
    registeredAt: t.bigint().notNull(),
    retiredAt: t.bigint(),
    reportedWh: t.bigint().notNull(),
    readings: t.integer().notNull(),
    /** The last slot covered by any reading. */
    lastSlot: t.bigint(),
    /** The time of its newest reading. */
    lastReadingAt: t.bigint(),
  }),
  (table) => ({
    microgridIndex: index().on(table.microgrid),
    ownerIndex: index().on(table.owner),
  }),
);

/** Accepted readings. */
export const reading = onchainTable(
  "reading",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    meter: t.hex().notNull(),
    microgrid: t.integer().notNull(),
    source: source().notNull(),
    /** The meter's owner at that time. */
    owner: t.hex().notNull(),
    firstBlock: t.integer().notNull(),
    lastBlock: t.integer().notNull(),
    /** The first and the last covered slot. */
    firstSlot: t.bigint().notNull(),
    lastSlot: t.bigint().notNull(),
    /** As signed: a lane's guard bit says that the slot is covered. */
    words: t.bigint().array().notNull(),
    exportedWh: t.bigint().notNull(),
    /** The device key's signature; null when the call was made by another contract. */
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

/** What a microgrid's meters reported for a slot, by source. */
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

/** Holders' energy, eight slots a row; equals `profileOf`. */
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

/** Transfers of energy as ERC-1155 tokens, outside the market, a block a row. */
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
 * Orders that have appeared on chain: filled, or posted on the board. The board checks nothing, so a posted order may
 * be anything. When the call was made by another contract, only hash, maker, nonce and fill are known.
 *
 * An order is open when its `fill` is neither cancelled nor complete, its `deadline` has not passed, and its `counter`
 * is the maker's `account.counter`.
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
    /** The most Wh over all slots together. */
    energyWh: t.bigint(),
    /** Base units per kWh: of a posted price exactly, of a limit at the worst. */
    price: t.bigint(),
    forward: t.boolean(),
    /** Base units per kWh. */
    bond: t.bigint(),
    /** Of a forward bid: Wh of a slot that the meter may have promised before. */
    mostAheadWh: t.bigint(),
    /** Whether it may trade over a tie line. */
    crosses: t.boolean(),
    /** The zero address for anyone. */
    counterparty: t.hex(),
    /** The zero address: a posted price. Else a limit, which this account fills, or anyone for address 1. */
    settler: t.hex(),
    counter: t.bigint(),
    deadline: t.bigint(),
    /** The signature of a fill; before the first fill, that of the first post on the board. */
    signature: t.hex(),
    /** Filled by this exact order; `fill` has the total of all that share its fill. */
    filledWh: t.bigint().notNull(),
    /** See `fill`. */
    fillScope: t.text().notNull(),
    /** When it was first posted on the board; null when it was not. */
    pinnedAt: t.bigint(),
    /** When and in which transaction it first appeared. */
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({
    makerIndex: index().on(table.maker, table.nonce),
    microgridIndex: index().on(table.microgrid, table.pinnedAt),
    meterIndex: index().on(table.meter),
  }),
);

/** Every post of an order on the board; its signature may be invalid. */
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

/** The total fill of all orders with a maker and nonce, and whether they are cancelled; equals `fillOf`. */
export const fill = onchainTable(
  "fill",
  (t) => ({
    maker: t.hex().notNull(),
    nonce: t.bigint().notNull(),
    /** Of firm orders, "currency settler": they share a fill per maker, currency and settler. Else empty. */
    scope: t.text().notNull(),
    filledWh: t.bigint().notNull(),
    cancelled: t.boolean().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.maker, table.nonce, table.scope] }) }),
);

/**
 * The settlement history: a row per accepted order, settled match, reservation and released block. `costMillis` counts money
 * when it is paid; a `reserve` only locks it, so sums leave that kind out.
 */
export const trade = onchainTable(
  "trade",
  (t) => ({
    /** `txHash-logIndex` of Traded, Matched, Reserved or Released. */
    id: t.text().primaryKey(),
    kind: tradeKind().notNull(),
    seller: t.hex().notNull(),
    buyer: t.hex().notNull(),
    /** Who signed the order and who took it; null in a batch, where both signed, and in a release. */
    maker: t.hex(),
    taker: t.hex(),
    /** The seller's order, if any. */
    offerHash: t.hex(),
    /** The buyer's order, if any. */
    bidHash: t.hex(),
    /** For forwards only. */
    positionId: t.hex(),
    /** A forward's meter; otherwise the meter in the seller's order, if any. */
    sellerMeter: t.hex(),
    /** The meter in the buyer's order or take, if any. */
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
    /** The sent energy less the tie line's loss. */
    arrivedWh: t.bigint().notNull(),
    /** In a release, the reserved energy. */
    reservedWh: t.bigint(),
    /** The buyer's payment in all; in a reserve, what was locked. */
    costMillis: t.bigint().notNull(),
    /** The DSOs' part of it; the seller got the rest. In a reserve, the most that DSOs will get. */
    chargeMillis: t.bigint().notNull(),
    /** The seller's bond: locked (reserve), or paid to the buyer for a shortfall (release). */
    bondMillis: t.bigint().notNull(),
    /** In a release, the refund to the buyer. */
    refundMillis: t.bigint().notNull(),
    /** The cost per kWh that arrived, base units rounded down; 0 without energy. */
    pricePerKwh: t.bigint().notNull(),
    /** The arrived energy's cost at each slot's retail tariff. */
    retailCostMillis: t.bigint().notNull(),
    /** The sent energy's value at each slot's feed-in tariff. */
    feedInValueMillis: t.bigint().notNull(),
    /** The buyer's savings: retail cost less cost, plus a release's bond. */
    savedMillis: t.bigint().notNull(),
    /** The seller's earnings: cost less charge and feed-in value, less a release's bond. */
    earnedMillis: t.bigint().notNull(),
    /** Whether it is a trade with the grid: seller or buyer is a DSO of one of the two microgrids, or the energy is a retailer's. */
    withGrid: t.boolean().notNull(),
    time: t.bigint().notNull(),
    blockNumber: t.bigint().notNull(),
    txHash: t.hex().notNull(),
    logIndex: t.integer().notNull(),
    /** `blockNumber * 1000000 + logIndex`: sorts trades by time. */
    sequence: t.bigint().notNull(),
    /** The whole transaction's, which may contain more trades. */
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

/** Skipped matches of batches. */
export const skip = onchainTable(
  "skip",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    offerHash: t.hex().notNull(),
    bidHash: t.hex().notNull(),
    /** The selector of the error that the match would have reverted with alone. */
    reason: t.hex().notNull(),
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({ offerIndex: index().on(table.offerHash), bidIndex: index().on(table.bidHash) }),
);

/** Forwards: one row per reservation, with the terms that its id hashes. */
export const position = onchainTable(
  "position",
  (t) => ({
    positionId: t.hex().primaryKey(),
    seller: t.hex().notNull(),
    buyer: t.hex().notNull(),
    meter: t.hex().notNull(),
    source: source().notNull(),
    fromMicrogrid: t.integer().notNull(),
    toMicrogrid: t.integer().notNull(),
    currency: t.hex().notNull(),
    /** Base units per kWh that the buyer pays, all in; of what arrives when `perArrived`, else of what is sent. */
    price: t.bigint().notNull(),
    perArrived: t.boolean().notNull(),
    /** Base units per kWh sent: to the DSOs, and forfeited on shortfall. */
    charge: t.bigint().notNull(),
    bond: t.bigint().notNull(),
    lossBps: t.integer().notNull(),
    /** Who may call undelivered beside the buyer; the zero address for nobody. */
    buyerDelegate: t.hex().notNull(),
    /** The buyer's meter on whose ration it counts; the zero address for none. */
    rationed: t.hex().notNull(),
    firstBlock: t.integer().notNull(),
    /** By block: what is to be sent, and what the meter had promised before. */
    energy: t.bigint().array().notNull(),
    ahead: t.bigint().array().notNull(),
    offerHash: t.hex(),
    bidHash: t.hex(),
    /** How many of its blocks are open. */
    open: t.integer().notNull(),
    reservedAt: t.bigint().notNull(),
    reserveTx: t.hex().notNull(),
  }),
  (table) => ({
    sellerIndex: index().on(table.seller),
    buyerIndex: index().on(table.buyer),
    meterIndex: index().on(table.meter, table.firstBlock),
  }),
);

/** Blocks of forwards that hold energy. */
export const positionBlock = onchainTable(
  "position_block",
  (t) => ({
    positionId: t.hex().notNull(),
    block: t.integer().notNull(),
    state: blockState().notNull(),
    /** What the seller is to send, and what its meter had promised before. */
    energy: t.bigint().notNull(),
    energyWh: t.bigint().notNull(),
    ahead: t.bigint().notNull(),
    /** What the buyer and the seller have locked for it. */
    lockedMillis: t.bigint().notNull(),
    bondedMillis: t.bigint().notNull(),
    /** Everything below is zero until it is settled. Sent per slot, before loss. */
    delivered: t.bigint().notNull(),
    deliveredWh: t.bigint().notNull(),
    /** Guard bits of the slots that were called undelivered. */
    undelivered: t.bigint().notNull(),
    /** By the buyer (charge included), to the DSOs, back to the buyer, and from the bond to the buyer. */
    paidMillis: t.bigint().notNull(),
    chargeMillis: t.bigint().notNull(),
    refundMillis: t.bigint().notNull(),
    forfeitedMillis: t.bigint().notNull(),
    releasedAt: t.bigint(),
    releaseTx: t.hex(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.positionId, table.block] }) }),
);

/** How reliably a seller has delivered its forwards so far. */
export const deliveryRecord = onchainTable("delivery_record", (t) => ({
  seller: t.hex().primaryKey(),
  /** Of released blocks. */
  promisedWh: t.bigint().notNull(),
  deliveredWh: t.bigint().notNull(),
  blocks: t.integer().notNull(),
  /** The number of them that fell short. */
  shortBlocks: t.integer().notNull(),
  forfeitedMillis: t.bigint().notNull(),
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

/** Money in escrow; equals `accountOf`. Money locked by forwards is in `positionBlock`, not here. */
export const account = onchainTable(
  "account",
  (t) => ({
    currency: t.hex().notNull(),
    holder: t.hex().notNull(),
    balanceMillis: t.bigint().notNull(),
    /** Orders contain it; orders signed with an earlier one are cancelled. */
    counter: t.bigint().notNull(),
    /** Until then the money moves only in fills that `lockSettler` makes; 0 when never locked. */
    lockedUntil: t.bigint().notNull(),
    lockSettler: t.hex(),
    /** A key that may sign firm orders beside the holder's. */
    lockSigner: t.hex(),
    /** Base units. */
    deposited: t.bigint().notNull(),
    withdrawn: t.bigint().notNull(),
    /** Network fees and wheeling charges received as a DSO. */
    chargesMillis: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.currency, table.holder] }),
    holderIndex: index().on(table.holder),
  }),
);

/** Deposits, withdrawals, and a holder's actions on its account. */
export const moneyMove = onchainTable(
  "money_move",
  (t) => ({
    /** `txHash-logIndex` */
    id: t.text().primaryKey(),
    kind: moneyMoveKind().notNull(),
    currency: t.hex().notNull(),
    holder: t.hex().notNull(),
    /** Base units deposited or withdrawn; 0 otherwise. */
    amount: t.bigint().notNull(),
    /** Where a withdrawal went, or the settler of a lock. */
    to: t.hex(),
    /** For a lock, its end; for cancelAll, the new counter. */
    value: t.bigint(),
    time: t.bigint().notNull(),
    txHash: t.hex().notNull(),
  }),
  (table) => ({
    holderIndex: index().on(table.holder, table.time),
    txIndex: index().on(table.txHash),
  }),
);

/** Delegates; an allowance of 0 was revoked or is used up. */
export const delegate = onchainTable(
  "delegate",
  (t) => ({
    maker: t.hex().notNull(),
    currency: t.hex().notNull(),
    delegate: t.hex().notNull(),
    /** What is left to spend. */
    allowanceMillis: t.bigint().notNull(),
    /** The last time at which what it signed can be filled. */
    until: t.bigint().notNull(),
    /** What its orders have drawn so far. */
    drawnMillis: t.bigint().notNull(),
    authorizedAt: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.maker, table.currency, table.delegate] }),
    delegateIndex: index().on(table.delegate),
  }),
);

/** Retired energy: each row is a granular certificate. */
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

/** A slot's prices in a microgrid. Trades with the grid do not count. */
export const slotPrice = onchainTable(
  "slot_price",
  (t) => ({
    microgrid: t.integer().notNull(),
    slot: t.bigint().notNull(),
    /** Minted energy bought from neighbours (accept, settle), as arrived. */
    energyWh: t.bigint().notNull(),
    /** Its cost to buyers: the volume-weighted price is `costMillis / energyWh`. */
    costMillis: t.bigint().notNull(),
    /** That price, rounded down to a base unit per kWh; 0 without trades. */
    volumeWeightedPrice: t.bigint().notNull(),
    /** The number of trades with energy in the slot. */
    trades: t.integer().notNull(),
    /** The newest, lowest and highest price of a trade, base units per kWh. */
    lastPrice: t.bigint(),
    lowPrice: t.bigint(),
    highPrice: t.bigint(),
    /** The same for energy reserved before delivery: sent energy, and money locked for it. */
    forwardWh: t.bigint().notNull(),
    forwardCostMillis: t.bigint().notNull(),
    forwards: t.integer().notNull(),
    /** Wh sold to the grid here. */
    gridWh: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.microgrid, table.slot] }) }),
);

/**
 * Sums of a household's trades (accept, settle, release) by hour of delivery: hours add up to days and months in any
 * time zone. Each slot of a trade counts at its own price; the parts add up to the whole.
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
    /** For sales, less charges. */
    receivedMillis: t.bigint().notNull(),
    /** The value of the sales at the feed-in tariff. */
    feedInValueMillis: t.bigint().notNull(),
    /** `receivedMillis - feedInValueMillis - bondPaidMillis`. */
    earnedMillis: t.bigint().notNull(),
    /** As arrived. */
    boughtWh: t.bigint().notNull(),
    paidMillis: t.bigint().notNull(),
    /** The cost of the purchases at the retail tariff. */
    retailCostMillis: t.bigint().notNull(),
    /** `retailCostMillis - paidMillis + bondReceivedMillis`. */
    savedMillis: t.bigint().notNull(),
    /** Bonds forfeited for shortfalls. */
    bondPaidMillis: t.bigint().notNull(),
    bondReceivedMillis: t.bigint().notNull(),
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
    /** The sender, and the called contract; null for a contract creation. */
    from: t.hex().notNull(),
    to: t.hex(),
    gasUsed: t.bigint().notNull(),
    /** Wei per gas. */
    gasPrice: t.bigint().notNull(),
    /** Names of the called functions, those within a multicall one by one; "unknown" for another contract's. */
    calls: t.text().array().notNull(),
  }),
  (table) => ({
    fromIndex: index().on(table.from),
    blockIndex: index().on(table.blockNumber),
  }),
);

/**
 * Events of a transaction that need later events of it. Between transactions nothing is left but what a batch's charges
 * across a line have of an odd thousandth, see `payDsos`.
 */
export const pending = onchainTable("pending", (t) => ({
  txHash: t.hex().primaryKey(),
  /** As JSON. */
  state: t.text().notNull(),
}));

export const microgridRelations = relations(microgrid, ({ many }) => ({
  members: many(meter),
  announced: many(schedule),
  islands: many(island),
}));
export const scheduleRelations = relations(schedule, ({ one }) => ({
  of: one(microgrid, { fields: [schedule.microgrid], references: [microgrid.id] }),
}));
export const islandRelations = relations(island, ({ one }) => ({
  of: one(microgrid, { fields: [island.microgrid], references: [microgrid.id] }),
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
  fill: one(fill, {
    fields: [order.maker, order.nonce, order.fillScope],
    references: [fill.maker, fill.nonce, fill.scope],
  }),
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
