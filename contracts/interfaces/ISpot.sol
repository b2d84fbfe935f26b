// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Take } from "./IDeals.sol";
import { Order } from "./IOrders.sol";

/// @title Taking a posted price of energy that is already minted
interface ISpot {
    /// @notice Energy of a posted price changed hands. The energy itself is in the token's transfer event of the
    /// same call, from seller to buyer.
    /// @param orderHash What the maker signed.
    /// @param maker The seller for an offer, the buyer for a bid: the transfer's direction tells.
    /// @param taker The other one.
    /// @param nonce The order's nonce.
    /// @param filled Wh that the order is filled by: sent for an offer, arrived for a bid.
    /// @param cost Thousandths of a base unit that the buyer paid.
    /// @param charge Thousandths of it that went to DSOs; the seller received the rest.
    event Traded(
        bytes32 indexed orderHash,
        address indexed maker,
        address indexed taker,
        uint64 nonce,
        uint256 filled,
        uint256 cost,
        uint256 charge
    );

    /// @notice The order is a forward: its energy is still to come.
    error Spot_IsForward(address maker, uint64 nonce);

    /// @notice Takes slots of a posted offer (the caller buys) or bid (the caller sells) at exactly its price;
    /// money and energy move at once.
    /// @param order What the maker signed.
    /// @param signature The maker's or a delegate's signature.
    /// @param take What the caller wants of it.
    /// @return sentWh Wh that the seller sent.
    function accept(
        Order calldata order,
        bytes calldata signature,
        Take calldata take
    ) external returns (uint256 sentWh);
}
