// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account, IEscrow, Lock } from "../interfaces/IEscrow.sol";

/// @notice Who has how much of which currency, in thousandths of a base unit, and who it is bound to. See {IEscrow}.
abstract contract Accounts {
    /// @dev Thousandths in a base unit.
    uint256 internal constant THOUSANDTHS = 1000;

    mapping(address currency => mapping(address holder => Account)) private _accounts;
    mapping(address currency => mapping(address holder => Lock)) private _locks;
    mapping(address holder => uint256) internal _mandateNonces;

    function _account(address currency, address holder) internal view returns (Account storage) {
        return _accounts[currency][holder];
    }

    function _lockOf(address currency, address holder) internal view returns (Lock storage) {
        return _locks[currency][holder];
    }

    function _credit(Account storage account, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balance = account.balance;
        if (amount > type(uint120).max - balance) revert IEscrow.Escrow_BalanceOverflow(balance, amount);
        unchecked {
            account.balance = uint120(balance + amount);
        }
    }

    function _debit(Account storage account, address currency, address holder, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balance = account.balance;
        if (amount > balance) revert IEscrow.Escrow_InsufficientBalance(currency, holder, balance, amount);
        unchecked {
            account.balance = uint120(balance - amount);
        }
    }

    /// @dev Why a fill that the caller makes can't take `amount` from an account: the selector of the error that says so, or
    /// zero.
    function _moneyDefectOf(
        Account storage account,
        address currency,
        address holder,
        uint256 amount
    ) internal view returns (bytes4) {
        if (amount == 0) return 0;
        if (block.timestamp < account.lockedUntil && _locks[currency][holder].settler != msg.sender) {
            return IEscrow.Escrow_Locked.selector;
        }
        return amount > account.balance ? IEscrow.Escrow_InsufficientBalance.selector : bytes4(0);
    }
}
