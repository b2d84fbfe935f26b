// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IBoard } from "./interfaces/IBoard.sol";
import { Order } from "./interfaces/IOrders.sol";

/// @notice Signed orders on chain, for when there is no relay. See {IBoard}.
contract Board is IBoard {
    /// @inheritdoc IBoard
    function pin(Order[] calldata orders, bytes[] calldata signatures) external override {
        if (orders.length == 0) revert Board_NothingPinned();
        if (orders.length != signatures.length) revert Board_LengthMismatch(orders.length, signatures.length);
        for (uint256 i = 0; i < orders.length; ++i) {
            emit Pinned(orders[i].microgrid, orders[i].maker, orders[i], signatures[i]);
        }
    }
}
