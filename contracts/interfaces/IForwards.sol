// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { Take } from "./IDeals.sol";
import { Order } from "./IOrders.sol";

/// @notice One reservation. Its id is the hash of all of this; only the blocks still open are stored.
/// @param seller Who promised, and is paid.
/// @param buyer Who is delivered to, and has paid into escrow.
/// @param meter The seller's meter.
/// @param source What it makes energy from.
/// @param from The microgrid it delivers in.
/// @param to The buyer's microgrid.
/// @param currency What it is paid in.
/// @param price Base units per kWh that the buyer pays, all in: per kWh sent, or arrived when `perArrived`.
/// @param perArrived Whether the price counts what arrives.
/// @param charge Base units per kWh sent that the DSOs receive out of it.
/// @param bond Base units per kWh sent that the seller forfeits on shortfall.
/// @param lossBps Lost on the way to another microgrid, in hundredths of a percent.
/// @param buyerDelegate Who may call undelivered beside the buyer: the delegate who signed its bid, or for a firm bid the
/// signer that its lock named; zero when there is none.
/// @param rationed The buyer's meter on whose ration of islanded slots it counts; zero when on none.
/// @param firstBlock The block of the first word.
/// @param energy Wh per slot that the seller is to send, one word per block.
/// @param ahead Wh per slot that the meter had promised before.
struct Position {
    address seller;
    address buyer;
    address meter;
    Source source;
    uint32 from;
    uint32 to;
    address currency;
    uint96 price;
    bool perArrived;
    uint96 charge;
    uint96 bond;
    uint16 lossBps;
    address buyerDelegate;
    address rationed;
    uint32 firstBlock;
    Profile[] energy;
    Profile[] ahead;
}

/// @notice Some blocks of a position.
/// @param position As {IForwards-Reserved} says.
/// @param blocks Bit i set: the block `firstBlock + i`.
struct Release {
    Position position;
    uint256 blocks;
}

/// @title Trading energy that is still to come
/// @notice The buyer's payment, and the seller's bond (across a line the wheeling charge as well), are locked when energy is
/// reserved. When the meter has reported, anyone may release: a slot's position gets min(energy, max(0, delivered -
/// ahead)), so the first promise is served first. The buyer gets that energy and, for the shortfall, the money back and
/// the bond; what had been held of a line or a ration for the shortfall is free again, and the DSOs get the wheeling charge of
/// it. When no reading has come by the deadline, the buyer may call what is missing undelivered.
interface IForwards {
    /// @notice Future energy was sold.
    /// @param positionId The hash of `position`.
    /// @param offerHash What the seller signed, zero when it was the taker.
    /// @param bidHash What the buyer signed, zero when it was the taker.
    /// @param offerNonce The offer's nonce.
    /// @param bidNonce The bid's nonce.
    /// @param locked Thousandths of a base unit that left the buyer's account.
    /// @param bonded Thousandths that left the seller's account.
    event Reserved(
        bytes32 indexed positionId,
        bytes32 indexed offerHash,
        bytes32 indexed bidHash,
        uint64 offerNonce,
        uint64 bidNonce,
        uint256 locked,
        uint256 bonded,
        Position position
    );

    /// @notice A block of a position is settled; the energy is in the token's transfers of the same call.
    /// @param delivered Wh sent per slot, before loss.
    /// @param undelivered Guard bits of the lanes called undelivered.
    /// @param paid Thousandths that the buyer has paid for what was delivered.
    /// @param charge Thousandths to the DSOs. The seller received the rest of what was paid, and of what it had locked.
    /// @param refund Thousandths back to the buyer.
    /// @param forfeited Thousandths of the bond to the buyer.
    event Released(
        bytes32 indexed positionId,
        uint32 indexed blockNumber,
        Profile delivered,
        uint256 undelivered,
        uint256 paid,
        uint256 charge,
        uint256 refund,
        uint256 forfeited
    );

    /// @notice A block was not released; `reason` is the selector of what kept it.
    event NotReleased(bytes32 indexed positionId, uint32 indexed blockNumber, bytes4 reason);

    /// @notice Delivered energy is lost, because its holder has 2^31 - 1 Wh of a slot already.
    event Unmintable(address indexed holder, uint256 indexed line, uint32 blockNumber, Profile energy);

    /// @notice Delivered energy could not be minted, most likely for lack of gas.
    error Forwards_MintFailed(address holder);
    /// @notice The order is for energy that is already minted.
    error Forwards_IsSpot(address maker, uint64 nonce);
    /// @notice A reason not to release: the block is not reserved, or released already.
    error Forwards_NotOpen();
    /// @notice A reason not to release: a slot is not reported yet.
    error Forwards_NotReported();
    /// @notice A reason not to release: a slot without a reading is not overdue, or for this caller not yet.
    error Forwards_NotOverdue();

    /// @notice Takes slots of a posted forward offer (the caller buys) or forward bid (the caller sells from `take.meter`).
    /// None may have started.
    /// @return sentWh Wh reserved, as the seller is to send them.
    function reserve(
        Order calldata order,
        bytes calldata signature,
        Take calldata take
    ) external returns (uint256 sentWh);

    /// @notice Settles blocks of positions whose slots are reported. Anyone may, in any order; what can't be released yet is
    /// left out with {NotReleased}.
    function release(Release[] calldata releases) external;

    /// @notice Settles blocks of positions of which some slots have no reading and are overdue: those are called undelivered,
    /// the others served. The buyer or its delegate may, 30 days after a slot is overdue anyone. An energy that is reported
    /// later in that place of the queue is never minted; those behind don't move up.
    function undelivered(Release[] calldata releases) external;

    /// @notice Which blocks of a position are open: bit i set for `firstBlock + i`.
    function openOf(bytes32 positionId) external view returns (uint256 blocks);

    /// @notice The id of a position.
    function positionId(Position calldata position) external pure returns (bytes32);
}
