/** The kinds of signed orders: a posted price or a limit, told by `settler`; firm or not, told by the nonce. */
import { type Address, zeroAddress } from "viem";
import type { Order } from "../typedData.ts";

/** Values of {@link Order.side}. */
export const OFFER = 0;
export const BID = 1;

/** The settler of a limit that anyone may fill by `settle`. */
export const ANYONE: Address = "0x0000000000000000000000000000000000000001";

/** From this nonce on orders are firm: filled only by the settler of a lock in force. */
export const FIRST_FIRM_NONCE = 2n ** 63n;

/** Whether it trades at exactly its price, with anyone who takes it. */
export const isPosted = ({ settler }: Pick<Order, "settler">): boolean => settler === zeroAddress;

/** Whether it trades at the community price or not at all. */
export const isLimit = (order: Pick<Order, "settler">): boolean => !isPosted(order);

/** Whether it is filled only under a lock. */
export const isFirm = ({ nonce }: Pick<Order, "nonce">): boolean => nonce >= FIRST_FIRM_NONCE;
