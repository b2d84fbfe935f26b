// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account, IEscrow, Lock } from "../interfaces/IEscrow.sol";
import { Transfers } from "./Transfers.sol";

/// @notice Money in and out. See {IEscrow}.
abstract contract Escrow is Transfers, IEscrow {
    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IEscrow
    function deposit(address currency, uint256 amount) external override nonReentrant {
        _deposit(currency, msg.sender, amount);
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
}
