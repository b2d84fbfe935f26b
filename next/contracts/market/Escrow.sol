// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import { Account, IEscrow, Lock } from "../interfaces/IEscrow.sol";
import { Accounts } from "./Accounts.sol";

/// @notice Money in and out. See {IEscrow}.
abstract contract Escrow is Accounts, ReentrancyGuardTransient, IEscrow {
    using SafeERC20 for IERC20;

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IEscrow
    function deposit(address currency, uint256 amount) external override nonReentrant {
        // What arrived is known only afterwards; the guard keeps a currency that calls back from being
        // credited twice for one arrival.
        uint256 before = IERC20(currency).balanceOf(address(this));
        IERC20(currency).safeTransferFrom(msg.sender, address(this), amount);
        _arrived(currency, msg.sender, before);
    }

    /// @inheritdoc IEscrow
    function withdraw(address currency, uint256 amount, address to) external override nonReentrant {
        _withdraw(currency, msg.sender, amount, to);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IEscrow
    function accountOf(address currency, address holder) external view override returns (Account memory) {
        return _account(currency, holder);
    }

    /// @inheritdoc IEscrow
    function lockOf(address currency, address holder) external view override returns (Lock memory) {
        return _lockOf(currency, holder);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Credits what a transfer has brought.
    /// @param before What the escrow held of the currency before it.
    function _arrived(address currency, address holder, uint256 before) internal {
        uint256 held = IERC20(currency).balanceOf(address(this));
        uint256 arrived = held - before;
        if (arrived == 0) revert Escrow_NothingDeposited(currency);
        // All accounts together then fit into one, and nobody blocks a batch or a release by having it full.
        if (held > type(uint120).max / THOUSANDTHS) revert Escrow_BalanceOverflow(before, arrived);
        unchecked {
            _credit(_account(currency, holder), arrived * THOUSANDTHS);
        }
        emit Deposited(currency, holder, arrived);
    }

    function _withdraw(address currency, address holder, uint256 amount, address to) internal {
        if (to == address(0) || to == address(this)) revert Escrow_BadRecipient(to);
        Account storage account = _account(currency, holder);
        if (block.timestamp < account.lockedUntil) revert Escrow_Locked(currency, holder, account.lockedUntil);
        // No balance has that much: the product can't overflow.
        _debit(account, currency, holder, amount > type(uint120).max ? amount : amount * THOUSANDTHS);
        emit Withdrawn(currency, holder, to, amount);
        IERC20(currency).safeTransfer(to, amount);
    }
}
