// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters } from "../interfaces/IMeters.sol";
import { ITrading } from "../interfaces/ITrading.sol";
import { Trading } from "./Trading.sol";

/// @notice A room of the marketplace: code that the marketplace runs as its own, on its own storage, because one
/// contract has no space for all of it. A room keeps nothing and owns nothing; called by itself it does nothing.
/// @dev State lives in {Accounts}, {Book} and {Trading}, in that order in the marketplace and in every room; neither
/// adds any. The marketplace names its rooms once and for all when it is built.
abstract contract Room is Trading {
    function _meters() internal view override returns (IMeters) {
        return ITrading(address(this)).METERS();
    }

    function _energy() internal view override returns (IEnergyToken) {
        return ITrading(address(this)).ENERGY();
    }
}
