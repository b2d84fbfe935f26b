// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IOrders, Order } from "../interfaces/IOrders.sol";
import { Profile } from "../libraries/Profile.sol";
import { Book } from "./Book.sol";

/// @notice What makers do about their orders on chain. See {IOrders}.
abstract contract Orders is Book, IOrders {
    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IOrders
    function cancel(uint64[] calldata nonces) external override {
        for (uint256 i = 0; i < nonces.length; ++i) {
            uint64 nonce = nonces[i];
            _fillsOf(msg.sender, nonce).lanes |= _guardBit(nonce);
            emit Cancelled(msg.sender, nonce);
        }
    }

    /// @inheritdoc IOrders
    function authorize(address currency, address delegate, uint256 allowance) external override {
        if (delegate == address(0) || delegate == msg.sender) revert Orders_BadDelegate(delegate);
        _allowances[msg.sender][currency][delegate] = allowance;
        emit Authorized(msg.sender, currency, delegate, allowance);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IOrders
    function allowanceOf(address maker, address currency, address delegate) external view override returns (uint256) {
        return _allowances[maker][currency][delegate];
    }

    /// @inheritdoc IOrders
    function fillOf(address maker, uint64 nonce) external view override returns (uint256 energy, bool cancelled) {
        uint256 fills = _fillsOf(maker, nonce).lanes;
        return (Profile.wrap(fills).lane(nonce % 8), fills & _guardBit(nonce) != 0);
    }

    /// @inheritdoc IOrders
    function hashOrder(Order calldata order) external view override returns (bytes32) {
        (, bytes32 structHash) = _read(order);
        return _hashTypedDataV4(structHash);
    }
}
