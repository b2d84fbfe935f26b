// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IMeters } from "../interfaces/IMeters.sol";
import { IMicrogrids } from "../interfaces/IMicrogrids.sol";
import { Meters } from "../Meters.sol";
import { EnergyTokenFactory } from "./EnergyTokenFactory.sol";

/// @notice Creates meters contracts. It keeps nothing and owns nothing.
contract MetersFactory {
    IMicrogrids private immutable MICROGRIDS;
    EnergyTokenFactory private immutable TOKENS;

    /// @param microgrids The communities of every meters contract.
    /// @param tokens Creates each meters contract its energy token.
    constructor(IMicrogrids microgrids, EnergyTokenFactory tokens) {
        (MICROGRIDS, TOKENS) = (microgrids, tokens);
    }

    /// @notice A new meters contract, with a token of its own, for the calling market.
    function create() external returns (IMeters) {
        return new Meters(msg.sender, MICROGRIDS, TOKENS);
    }
}
