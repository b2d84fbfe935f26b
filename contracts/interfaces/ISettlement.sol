// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { Order } from "./IOrders.sol";

/// @notice Energy of one offer that goes to one bid.
/// @param offer Index of the offer among the batch's orders.
/// @param bid Index of the bid.
/// @param source What the energy is made from.
/// @param schedule The schedule of the offer's microgrid that the slots go by.
/// @param bidSchedule The schedule of the bid's microgrid, when that is another one.
/// @param firstBlock The block of the first word.
/// @param energy Wh per slot as the seller sends them, one word per block, at most 256. It is cut to what can trade.
struct Match {
    uint16 offer;
    uint16 bid;
    Source source;
    uint16 schedule;
    uint16 bidSchedule;
    uint32 firstBlock;
    Profile[] energy;
}

/// @title Matching signed orders with each other
/// @notice Matches limits with limits, and limits with posted prices, spot and forward, at home and across tie lines. Nobody
/// chooses a price: two limits trade at the community price of the slot or not at all, a posted price trades at itself.
/// @dev A match is skipped with {Skipped} when nothing of it can trade; the others settle. A batch can be cut anywhere. Slots
/// start less than seven days ahead, since later prices may still be scheduled.
interface ISettlement {
    /// @notice A spot match was settled. The energy is in the token's transfer event just before.
    /// @param sentWh Wh that left the seller.
    /// @param arrivedWh Wh that reached the buyer.
    /// @param cost Thousandths of a base unit that the buyer paid.
    /// @param charge Thousandths of it that went to DSOs; the seller received the rest.
    event Matched(
        bytes32 indexed offerHash,
        bytes32 indexed bidHash,
        uint64 offerNonce,
        uint64 bidNonce,
        uint256 sentWh,
        uint256 arrivedWh,
        uint256 cost,
        uint256 charge
    );
    /// @notice A match was skipped; `reason` is the selector of the error that it met.
    event Skipped(bytes32 indexed offerHash, bytes32 indexed bidHash, bytes4 reason);

    /// @notice Nothing to settle.
    error Settlement_Empty();
    /// @notice Orders and signatures differ in number.
    error Settlement_LengthMismatch(uint256 orders, uint256 signatures);
    /// @notice A match names an order that is not in the batch.
    error Settlement_BadIndex(uint256 matchIndex, uint256 order, uint256 orders);
    /// @notice A reason to skip: a match names a bid as its offer, or the other way round.
    error Settlement_WrongSide();
    /// @notice A reason to skip: one of the two is a forward and the other is not, or their currency or slot length differ.
    error Settlement_NotAlike();
    /// @notice A reason to skip: two posted prices.
    error Settlement_BothPosted();

    /// @notice Settles a batch.
    /// @param orders Offers and bids.
    /// @param signatures One per order.
    /// @param matches Who gets how much from whom.
    function settle(Order[] calldata orders, bytes[] calldata signatures, Match[] calldata matches) external;
}
