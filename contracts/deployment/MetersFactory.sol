// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IMeters } from "../interfaces/IMeters.sol";
import { Meters } from "../Meters.sol";
import { EnergyTokenFactory } from "./EnergyTokenFactory.sol";

/// @notice Brings meters contracts into the world. It keeps nothing and owns nothing.
contract MetersFactory {
    EnergyTokenFactory private immutable TOKENS;

    /// @param tokens Brings each meters contract its energy token.
    constructor(EnergyTokenFactory tokens) {
        TOKENS = tokens;
    }

    /// @notice A new meters contract, with a token of its own, for the calling market.
    function create() external returns (IMeters) {
        return new Meters(msg.sender, TOKENS);
    }
}
