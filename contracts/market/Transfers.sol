// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import { Account, IEscrow } from "../interfaces/IEscrow.sol";
import { Accounts } from "./Accounts.sol";

/// @notice How money comes in and leaves. See {IEscrow}.
abstract contract Transfers is Accounts, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Brings in what `holder` has approved. What arrives is known only afterwards: the callers' guards keep a currency
    /// that calls back from being credited twice for one arrival.
    function _deposit(address currency, address holder, uint256 amount) internal {
        uint256 before = IERC20(currency).balanceOf(address(this));
        IERC20(currency).safeTransferFrom(holder, address(this), amount);
        _arrived(currency, holder, before);
    }

    /// @dev Credits what a transfer has brought.
    /// @param before What the escrow held of the currency before it.
    function _arrived(address currency, address holder, uint256 before) internal {
        uint256 held = IERC20(currency).balanceOf(address(this));
        uint256 arrived = held - before;
        if (arrived == 0) revert IEscrow.Escrow_NothingDeposited(currency);
        // All accounts together then fit into one, and nobody blocks a batch or a release by having it full.
        if (held > type(uint120).max / THOUSANDTHS) revert IEscrow.Escrow_BalanceOverflow(before, arrived);
        unchecked {
            _credit(_account(currency, holder), arrived * THOUSANDTHS);
        }
        emit IEscrow.Deposited(currency, holder, arrived);
    }

    function _withdraw(address currency, address holder, uint256 amount, address to) internal {
        if (to == address(0) || to == address(this)) revert IEscrow.Escrow_BadRecipient(to);
        Account storage account = _account(currency, holder);
        if (block.timestamp < account.lockedUntil) revert IEscrow.Escrow_Locked(currency, holder, account.lockedUntil);
        // No balance has that much: the product can't overflow.
        _debit(account, currency, holder, amount > type(uint120).max ? amount : amount * THOUSANDTHS);
        emit IEscrow.Withdrawn(currency, holder, to, amount);
        IERC20(currency).safeTransfer(to, amount);
    }
}
