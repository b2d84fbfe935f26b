// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { EnergyToken } from "../EnergyToken.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters } from "../interfaces/IMeters.sol";

/// @notice Creates energy tokens. It keeps nothing and owns nothing.
contract EnergyTokenFactory {
    /// @notice A new energy token that the caller mints and `market` moves.
    function create(address market) external returns (IEnergyToken) {
        return new EnergyToken(IMeters(msg.sender), market);
    }
}
