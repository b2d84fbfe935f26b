// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { EnergyToken } from "../EnergyToken.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMicrogrids } from "../interfaces/IMicrogrids.sol";

/// @notice Creates energy tokens. It keeps nothing and owns nothing.
contract EnergyTokenFactory {
    /// @notice A new energy token that the caller mints and `market` moves.
    /// @param microgrids Where its metadata takes names and slot lengths from.
    function create(address market, IMicrogrids microgrids) external returns (IEnergyToken) {
        return new EnergyToken(msg.sender, market, microgrids);
    }
}
