import { SOURCES } from "@wattline/sdk";
/** The rows that pages query; ponder.schema.ts documents each member. */
import {
  amount,
  count,
  flag,
  hex,
  listOf,
  maybe,
  nested,
  oneOf,
  type Row,
  text,
} from "./fields.ts";

const source = oneOf(...SOURCES);

export const microgrid = {
  id: count,
  name: text,
  operator: hex,
  pendingOperator: maybe(hex),
  dso: hex,
  islanded: flag,
  closedFrom: maybe(count),
  latitudeTenths: count,
  longitudeTenths: count,
  currency: hex,
  slotSeconds: count,
  reportingDeadline: count,
  utcOffsetMinutes: count,
  schedules: count,
  foundedAt: count,
  meters: count,
  producedWh: amount,
  tradedWh: amount,
  tradedCostMillis: amount,
  trades: count,
  retiredWh: amount,
};
export type MicrogridRow = Row<typeof microgrid>;

export const schedule = {
  microgrid: count,
  number: count,
  firstSlot: count,
  levelOfHour: amount,
  prices: listOf(amount),
  fees: listOf(amount),
  caps: listOf(amount),
  feedIns: listOf(amount),
  retails: listOf(amount),
  announcedAt: count,
  txHash: hex,
};
export type ScheduleRow = Row<typeof schedule>;

export const island = {
  id: text,
  microgrid: count,
  firstSlot: count,
  lastSlot: maybe(count),
  declared: flag,
  time: count,
  endedAt: maybe(count),
  txHash: hex,
};
export type IslandRow = Row<typeof island>;

export const ration = { microgrid: count, fromSlot: count, rationWh: amount, txHash: hex };
export type RationRow = Row<typeof ration>;

export const tieLine = {
  lower: count,
  higher: count,
  lossBps: count,
  capacityWh: amount,
  wheelingUp: amount,
  wheelingDown: amount,
  nextLossBps: maybe(count),
  nextCapacityWh: maybe(amount),
  nextWheelingUp: maybe(amount),
  nextWheelingDown: maybe(amount),
  effectiveAt: count,
  sentUpWh: amount,
  sentDownWh: amount,
};
export type TieLineRow = Row<typeof tieLine>;

export const tieLineProposal = {
  lower: count,
  higher: count,
  by: count,
  lossBps: count,
  capacityWh: amount,
  wheelingUp: amount,
  wheelingDown: amount,
  time: count,
};
export type TieLineProposalRow = Row<typeof tieLineProposal>;

export const flow = { from: count, to: count, block: count, word: amount };
export type FlowRow = Row<typeof flow>;

export const meter = {
  address: hex,
  microgrid: count,
  owner: hex,
  pendingOwner: maybe(hex),
  movingTo: maybe(count),
  source,
  capacityW: amount,
  critical: flag,
  active: flag,
  registeredAt: count,
  retiredAt: maybe(count),
  reportedWh: amount,
  readings: count,
  lastSlot: maybe(count),
  lastReadingAt: maybe(count),
};
export type MeterRow = Row<typeof meter>;

export const reading = {
  id: text,
  meter: hex,
  microgrid: count,
  source,
  owner: hex,
  firstBlock: count,
  lastBlock: count,
  firstSlot: count,
  lastSlot: count,
  words: listOf(amount),
  exportedWh: amount,
  signature: maybe(hex),
  time: count,
  txHash: hex,
};
export type ReadingRow = Row<typeof reading>;

export const production = {
  microgrid: count,
  slot: count,
  source,
  reportedWh: amount,
  readings: count,
};
export type ProductionRow = Row<typeof production>;

export const balance = {
  holder: hex,
  microgrid: count,
  source,
  block: count,
  word: amount,
  energyWh: amount,
};
export type BalanceRow = Row<typeof balance>;

export const transfer = {
  id: text,
  microgrid: count,
  source,
  block: count,
  from: hex,
  to: hex,
  word: amount,
  energyWh: amount,
  time: count,
  txHash: hex,
};
export type TransferRow = Row<typeof transfer>;

export const order = {
  hash: hex,
  maker: hex,
  nonce: amount,
  microgrid: maybe(count),
  meter: maybe(hex),
  side: maybe(oneOf("offer", "bid")),
  sources: maybe(count),
  firstSlot: maybe(count),
  lastSlot: maybe(count),
  energyWh: maybe(amount),
  price: maybe(amount),
  forward: maybe(flag),
  bond: maybe(amount),
  mostAheadWh: maybe(amount),
  crosses: maybe(flag),
  counterparty: maybe(hex),
  settler: maybe(hex),
  counter: maybe(amount),
  deadline: maybe(count),
  signature: maybe(hex),
  filledWh: amount,
  pinnedAt: maybe(count),
  time: count,
  txHash: hex,
  fill: maybe(nested({ filledWh: amount, cancelled: flag })),
};
export type OrderRow = Row<typeof order>;

export const pin = {
  id: text,
  orderHash: hex,
  microgrid: count,
  maker: hex,
  signature: hex,
  time: count,
  txHash: hex,
  order: nested(order),
};
export type PinRow = Row<typeof pin>;

export const trade = {
  id: text,
  kind: oneOf("accept", "settle", "reserve", "release"),
  seller: hex,
  buyer: hex,
  maker: maybe(hex),
  taker: maybe(hex),
  offerHash: maybe(hex),
  bidHash: maybe(hex),
  positionId: maybe(hex),
  sellerMeter: maybe(hex),
  buyerMeter: maybe(hex),
  source,
  fromMicrogrid: count,
  toMicrogrid: count,
  firstBlock: count,
  firstSlot: count,
  lastSlot: count,
  words: listOf(amount),
  sentWh: amount,
  arrivedWh: amount,
  reservedWh: maybe(amount),
  costMillis: amount,
  chargeMillis: amount,
  bondMillis: amount,
  refundMillis: amount,
  pricePerKwh: amount,
  retailCostMillis: amount,
  feedInValueMillis: amount,
  savedMillis: amount,
  earnedMillis: amount,
  withGrid: flag,
  time: count,
  blockNumber: amount,
  txHash: hex,
  logIndex: count,
  gasUsed: amount,
};
export type TradeRow = Row<typeof trade>;
export type TradeKind = TradeRow["kind"];

export const transaction = {
  hash: hex,
  blockNumber: amount,
  index: count,
  time: count,
  from: hex,
  to: maybe(hex),
  gasUsed: amount,
  gasPrice: amount,
  calls: listOf(text),
};
export type TransactionRow = Row<typeof transaction>;

export const tradeInFull = {
  ...trade,
  offer: maybe(nested(order)),
  bid: maybe(nested(order)),
  transaction: maybe(nested(transaction)),
};

export const skip = {
  id: text,
  offerHash: hex,
  bidHash: hex,
  reason: hex,
  time: count,
  txHash: hex,
};
export type SkipRow = Row<typeof skip>;

export const position = {
  positionId: hex,
  seller: hex,
  buyer: hex,
  meter: hex,
  source,
  fromMicrogrid: count,
  toMicrogrid: count,
  currency: hex,
  price: amount,
  perArrived: flag,
  charge: amount,
  bond: amount,
  lossBps: count,
  buyerDelegate: hex,
  rationed: hex,
  firstBlock: count,
  energy: listOf(amount),
  ahead: listOf(amount),
  offerHash: maybe(hex),
  bidHash: maybe(hex),
  open: count,
  reservedAt: count,
  reserveTx: hex,
};
export type PositionRow = Row<typeof position>;

export const positionBlock = {
  positionId: hex,
  block: count,
  state: oneOf("open", "released", "undelivered"),
  energy: amount,
  energyWh: amount,
  ahead: amount,
  lockedMillis: amount,
  bondedMillis: amount,
  delivered: amount,
  deliveredWh: amount,
  undelivered: amount,
  paidMillis: amount,
  chargeMillis: amount,
  refundMillis: amount,
  forfeitedMillis: amount,
  releasedAt: maybe(count),
  releaseTx: maybe(hex),
};
export type PositionBlockRow = Row<typeof positionBlock>;

export const deliveryRecord = {
  seller: hex,
  promisedWh: amount,
  deliveredWh: amount,
  blocks: count,
  shortBlocks: count,
  forfeitedMillis: amount,
};
export type DeliveryRecordRow = Row<typeof deliveryRecord>;

export const account = {
  currency: hex,
  holder: hex,
  balanceMillis: amount,
  counter: amount,
  lockedUntil: count,
  lockSettler: maybe(hex),
  lockSigner: maybe(hex),
  deposited: amount,
  withdrawn: amount,
  chargesMillis: amount,
};
export type AccountRow = Row<typeof account>;

export const moneyMove = {
  id: text,
  kind: oneOf("deposit", "withdrawal", "lock", "cancelAll"),
  currency: hex,
  holder: hex,
  amount,
  to: maybe(hex),
  value: maybe(amount),
  time: count,
  txHash: hex,
};
export type MoneyMoveRow = Row<typeof moneyMove>;

export const delegate = {
  maker: hex,
  currency: hex,
  delegate: hex,
  allowanceMillis: amount,
  until: count,
  drawnMillis: amount,
  authorizedAt: count,
};
export type DelegateRow = Row<typeof delegate>;

export const retirement = {
  id: text,
  holder: hex,
  beneficiary: hex,
  microgrid: count,
  source,
  firstBlock: count,
  firstSlot: count,
  lastSlot: count,
  words: listOf(amount),
  energyWh: amount,
  purpose: text,
  time: count,
  blockNumber: amount,
  txHash: hex,
};
export type RetirementRow = Row<typeof retirement>;

export const slotPrice = {
  microgrid: count,
  slot: count,
  energyWh: amount,
  costMillis: amount,
  volumeWeightedPrice: amount,
  trades: count,
  lastPrice: maybe(amount),
  lowPrice: maybe(amount),
  highPrice: maybe(amount),
  forwardWh: amount,
  forwardCostMillis: amount,
  forwards: count,
  gridWh: amount,
};
export type SlotPriceRow = Row<typeof slotPrice>;

export const earning = {
  holder: hex,
  microgrid: count,
  hour: count,
  soldWh: amount,
  toGridWh: amount,
  receivedMillis: amount,
  feedInValueMillis: amount,
  earnedMillis: amount,
  boughtWh: amount,
  paidMillis: amount,
  retailCostMillis: amount,
  savedMillis: amount,
  bondPaidMillis: amount,
  bondReceivedMillis: amount,
};
export type EarningRow = Row<typeof earning>;
