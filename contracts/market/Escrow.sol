// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { IERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import { Account, IEscrow } from "../interfaces/IEscrow.sol";
import { Accounts } from "./Accounts.sol";

/// @notice Money in and out. See {IEscrow}.
abstract contract Escrow is Accounts, ReentrancyGuardTransient, IEscrow {
    using SafeERC20 for IERC20;

    // =================================================================================================
    // Storage
    // =================================================================================================

    /// @dev A slip of the finger must not lock money for good.
    uint256 private constant MOST_LOCK = 365 days;

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IEscrow
    function deposit(address currency, uint256 amount) public override nonReentrant {
        // What arrived is known only afterwards; the guard keeps a currency that calls back from being
        // credited twice for one arrival.
        uint256 before = IERC20(currency).balanceOf(address(this));
        IERC20(currency).safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = IERC20(currency).balanceOf(address(this)) - before;
        if (arrived == 0) revert Escrow_NothingDeposited(currency);
        // All accounts together then fit into one, and nobody blocks a batch or a release by having it full.
        if (before + arrived > type(uint128).max) revert Escrow_BalanceOverflow(before, arrived);
        _credit(_account(currency, msg.sender), arrived);
        emit Deposited(currency, msg.sender, arrived);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(
        address currency,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external override {
        // Whoever sees the permit may spend it first: then the approval is there, and if not, the transfer says so.
        // solhint-disable-next-line no-empty-blocks
        try IERC20Permit(currency).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        deposit(currency, amount);
    }

    /// @inheritdoc IEscrow
    function withdraw(address currency, uint256 amount, address to) external override nonReentrant {
        if (to == address(0) || to == address(this)) revert Escrow_BadRecipient(to);
        Account storage account = _account(currency, msg.sender);
        if (block.timestamp < account.lockedUntil) revert Escrow_Locked(currency, msg.sender, account.lockedUntil);
        _debit(account, currency, msg.sender, amount);
        emit Withdrawn(currency, msg.sender, to, amount);
        IERC20(currency).safeTransfer(to, amount);
    }

    /// @inheritdoc IEscrow
    function lock(address currency, uint64 until) external override {
        Account storage account = _account(currency, msg.sender);
        if (until <= account.lockedUntil || until > block.timestamp + MOST_LOCK) {
            revert Escrow_BadLock(until, account.lockedUntil);
        }
        account.lockedUntil = until;
        emit Locked(currency, msg.sender, until);
    }

    /// @inheritdoc IEscrow
    function cancelAll(address currency) external override returns (uint64 counter) {
        counter = ++_account(currency, msg.sender).counter;
        emit AllCancelled(currency, msg.sender, counter);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IEscrow
    function accountOf(address currency, address holder) external view override returns (Account memory) {
        return _account(currency, holder);
    }
}
