// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account, IEscrow, Lock } from "../interfaces/IEscrow.sol";
import { Allowance, IOrders } from "../interfaces/IOrders.sol";
import { Book } from "./Book.sol";

/// @notice What holders say of their money and their orders. A module of the marketplace, see {Module}.
contract Mandates is Book {
    uint256 private constant MOST_LOCK = 30 days;

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @notice See {IEscrow-lock}.
    function lock(address currency, address settler, address signer, uint40 until) external {
        Account storage account = _account(currency, msg.sender);
        Lock storage held = _lockOf(currency, msg.sender);
        uint40 current = account.lockedUntil;
        bool inForce = block.timestamp < current;
        if (
            settler <= EVERYBODY ||
            settler == msg.sender ||
            until <= block.timestamp ||
            until > block.timestamp + MOST_LOCK ||
            (inForce && (until <= current || settler != held.settler || signer != held.signer))
        ) revert IEscrow.Escrow_BadLock(until, current);
        account.lockedUntil = until;
        (held.settler, held.signer) = (settler, signer);
        emit IEscrow.Locked(currency, msg.sender, settler, signer, until);
    }

    /// @notice See {IEscrow-cancelAll}.
    function cancelAll(address currency) external returns (uint64 counter) {
        counter = ++_account(currency, msg.sender).counter;
        emit IEscrow.AllCancelled(currency, msg.sender, counter);
    }

    /// @notice See {IOrders-cancel}.
    function cancel(uint64[] calldata nonces) external {
        for (uint256 i = 0; i < nonces.length; ++i) {
            uint64 nonce = nonces[i];
            if (_isFirmNonce(nonce)) revert IOrders.Orders_Firm(msg.sender, nonce);
            _fillsOf(msg.sender, nonce).lanes |= 1 << (_laneOf(nonce) + 31);
            emit IOrders.Cancelled(msg.sender, nonce);
        }
    }

    /// @notice See {IOrders-authorize}.
    function authorize(address currency, address delegate, uint256 amount, uint40 until) external {
        if (delegate == address(0) || delegate == msg.sender) revert IOrders.Orders_BadDelegate(delegate);
        if (amount > type(uint120).max / THOUSANDTHS) revert IOrders.Orders_BadAllowance(amount);
        _allowances[msg.sender][currency][delegate] = Allowance({
            amount: uint120(amount * THOUSANDTHS),
            until: until
        });
        emit IOrders.Authorized(msg.sender, currency, delegate, amount, until);
    }
}
