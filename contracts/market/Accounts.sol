// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account, IEscrow } from "../interfaces/IEscrow.sol";

/// @notice Who has how much of which currency. See {IEscrow}.
abstract contract Accounts {
    mapping(address currency => mapping(address holder => Account)) private _accounts;

    /// @dev All accounts in a currency.
    function _accountsIn(address currency) internal view returns (mapping(address holder => Account) storage) {
        return _accounts[currency];
    }

    function _account(address currency, address holder) internal view returns (Account storage) {
        return _accounts[currency][holder];
    }

    function _credit(Account storage account, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balance = account.balance;
        if (amount > type(uint128).max - balance) revert IEscrow.Escrow_BalanceOverflow(balance, amount);
        unchecked {
            account.balance = uint128(balance + amount);
        }
    }

    function _debit(Account storage account, address currency, address holder, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balance = account.balance;
        if (amount > balance) revert IEscrow.Escrow_InsufficientBalance(currency, holder, balance, amount);
        unchecked {
            account.balance = uint128(balance - amount);
        }
    }
}
