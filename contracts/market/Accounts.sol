// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account, IEscrow, Lock } from "../interfaces/IEscrow.sol";

/// @notice Who has how much of which currency, in thousandths of a base unit, and who it is bound to. See {IEscrow}.
abstract contract Accounts {
    /// @dev Thousandths in a base unit.
    uint256 internal constant THOUSANDTHS = 1000;
    /// @dev Bits of an account's word below the end of its lock.
    uint256 private constant LOCKED_UNTIL = 120 + 64;

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
        uint256 word = _wordOf(account);
        uint256 balance = uint120(word);
        if (amount > type(uint120).max - balance) revert IEscrow.Escrow_BalanceOverflow(balance, amount);
        unchecked {
            _setWord(account, word + amount);
        }
    }

    function _debit(Account storage account, address currency, address holder, uint256 amount) internal {
        if (amount == 0) return;
        uint256 word = _wordOf(account);
        uint256 balance = uint120(word);
        if (amount > balance) revert IEscrow.Escrow_InsufficientBalance(currency, holder, balance, amount);
        unchecked {
            _setWord(account, word - amount);
        }
    }

    /// @dev Takes an amount in which {_moneyDefectOf} has found nothing wrong out of an account.
    function _spend(Account storage account, uint256 amount) internal {
        unchecked {
            _setWord(account, _wordOf(account) - amount);
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
        uint256 word = _wordOf(account);
        if (block.timestamp < uint40(word >> LOCKED_UNTIL) && _locks[currency][holder].settler != msg.sender) {
            return IEscrow.Escrow_Locked.selector;
        }
        return amount > uint120(word) ? IEscrow.Escrow_InsufficientBalance.selector : bytes4(0);
    }

    /// @dev An account's word as a whole, with the balance in its lowest bits: Solidity would read it once a member.
    function _wordOf(Account storage account) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(account.slot)
        }
    }

    function _setWord(Account storage account, uint256 word) private {
        assembly ("memory-safe") {
            sstore(account.slot, word)
        }
    }
}
