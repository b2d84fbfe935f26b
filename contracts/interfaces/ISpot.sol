// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { Order } from "./IOrders.sol";

/// @notice What a taker takes of a signed order.
/// @param source The energy's source, one of those the order names.
/// @param firstBlock The block of the first word.
/// @param energy Wh per slot, one word per block.
/// @param limit Base units: the most a buyer pays for an offer, the least a seller receives for a bid, fee included.
struct Take {
    Source source;
    uint32 firstBlock;
    Profile[] energy;
    uint256 limit;
}

/// @title Trading energy that is already minted
interface ISpot {
    /// @notice Energy of a signed order changed hands. The energy itself is in the token's transfer event of the
    /// same call, from seller to buyer.
    /// @param orderHash What the maker signed.
    /// @param maker The seller for an offer, the buyer for a bid: the transfer's direction tells.
    /// @param taker The other one.
    /// @param nonce The order's nonce.
    /// @param energy Wh in all.
    /// @param cost Base units that the buyer paid.
    /// @param fee Base units of it that went to the DSO; the seller received the rest.
    event Traded(
        bytes32 indexed orderHash,
        address indexed maker,
        address indexed taker,
        uint64 nonce,
        uint256 energy,
        uint256 cost,
        uint256 fee
    );

    /// @notice The order is a forward: its energy is still to come.
    error Spot_IsForward(bytes32 orderHash);
    /// @notice Nobody trades with oneself.
    error Spot_SelfTrade(address maker);
    /// @notice A trade moves some energy.
    error Spot_NothingTaken();
    /// @notice It would cost the buyer more, or bring the seller less, than the taker's limit.
    error Spot_LimitMissed(uint256 amount, uint256 limit);
    /// @notice The network fee exceeds what the bid pays.
    error Spot_FeeExceedsPrice(uint256 fee, uint256 cost);

    /// @notice Takes a run of slots of a signed offer (the caller buys) or bid (the caller sells) at the maker's price;
    /// money and energy move at once.
    /// @dev Amounts round up: an offer costs ceil(price x Wh / 1000) to its maker and ceil(fee x Wh / 1000) to the
    /// DSO; a bid pays ceil(price x Wh / 1000), of which the fee, rounded up, goes to the DSO and the rest to the
    /// seller.
    /// @param order What the maker signed.
    /// @param signature The maker's signature.
    /// @param take What the caller takes of it.
    function accept(Order calldata order, bytes calldata signature, Take calldata take) external;
}
