// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { Order } from "./IOrders.sol";

/// @notice Energy of one offer that goes to one bid.
/// @param offer Index of the offer among the batch's orders.
/// @param bid Index of the bid.
/// @param source What the energy is made from.
/// @param firstBlock The block of the first word.
/// @param energy Wh per slot, one word per block.
struct Match {
    uint16 offer;
    uint16 bid;
    Source source;
    uint32 firstBlock;
    Profile[] energy;
}

/// @title Clearing signed offers and bids of one microgrid in a batch
/// @notice Anyone may match; nobody chooses the price. In every slot all matches trade at one price: the midpoint, rounded
/// down, between the highest matched offer (with the network fee on top) and the lowest matched bid. It is what
/// buyers pay; sellers receive it less the fee. So it lies within every matched limit.
/// @dev A match whose order has expired, was cancelled or filled, lost its delegate's allowance, or is not covered at its
/// limit is skipped with {Skipped}; it moves nothing and has no part in the price, and the others settle.
interface ISettlement {
    /// @notice A match was settled. The energy is in the token's transfer event just before.
    /// @param cost Base units that the buyer paid.
    /// @param charge Base units of it that went to the DSO; the seller received the rest.
    event Matched(
        bytes32 indexed offerHash,
        bytes32 indexed bidHash,
        uint64 offerNonce,
        uint64 bidNonce,
        uint256 cost,
        uint256 charge
    );
    /// @notice A match could not be settled; `reason` is the selector of the error that it would have met alone.
    event Skipped(bytes32 indexed offerHash, bytes32 indexed bidHash, bytes4 reason);
    /// @notice The prices at which a batch has cleared, one per slot from the first slot of `firstBlock` on, in base
    /// units per kWh; 0 where nothing traded.
    event Cleared(uint32 indexed microgrid, uint32 firstBlock, uint256[] prices);

    /// @notice The seller has not that much energy; only ever a reason to skip.
    error Settlement_NotCovered();
    /// @notice Nothing to settle.
    error Settlement_Empty();
    /// @notice Orders and signatures differ in number.
    error Settlement_LengthMismatch(uint256 orders, uint256 signatures);
    /// @notice A match names an order that is not in the batch.
    error Settlement_BadIndex(uint256 matchIndex, uint256 order, uint256 orders);
    /// @notice A match names a bid as its offer, or the other way round.
    error Settlement_WrongSide(uint256 matchIndex, uint256 order);
    /// @notice A batch clears one microgrid.
    error Settlement_MixedMicrogrids(uint32 expected, uint32 found);
    /// @notice In this slot the highest matched offer exceeds the lowest matched bid.
    error Settlement_Crossed(uint256 slot, uint256 offer, uint256 bid);
    /// @notice While islanded an ordinary bid was filled in a slot in which a critical load in the batch is short.
    error Settlement_CriticalShort(uint256 criticalOrder, uint256 slot);

    /// @notice Settles a batch.
    /// @param orders Spot offers and bids of one microgrid.
    /// @param signatures One per order.
    /// @param matches Who gets how much from whom.
    function settle(Order[] calldata orders, bytes[] calldata signatures, Match[] calldata matches) external;
}
