// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Order } from "./IOrders.sol";

/// @title A board for signed orders on chain
/// @notice Orders travel through relays, which cost nothing. When there is none, a maker pins its orders here, where
/// everybody who reads the chain finds them. The board checks nothing: a reader of an order verifies it, as with one
/// from a relay.
interface IBoard {
    /// @notice A signed order was pinned by anyone, most likely its maker.
    event Pinned(uint32 indexed microgrid, address indexed maker, Order order, bytes signature);

    /// @notice Orders and signatures differ in number.
    error Board_LengthMismatch(uint256 orders, uint256 signatures);
    /// @notice Nothing to pin.
    error Board_NothingPinned();

    /// @notice Pins signed orders.
    /// @param orders What their makers signed.
    /// @param signatures One per order: single or bulk.
    function pin(Order[] calldata orders, bytes[] calldata signatures) external;
}
