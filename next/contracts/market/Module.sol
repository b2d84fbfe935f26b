// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IDeals } from "../interfaces/IDeals.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters } from "../interfaces/IMeters.sol";
import { IMicrogrids } from "../interfaces/IMicrogrids.sol";
import { Deals } from "./Deals.sol";

/// @notice A module of the marketplace: code that the marketplace runs by delegatecall on its own storage, because one
/// contract has no space for all of it. A module keeps nothing and owns nothing; called by itself it does nothing.
/// @dev State lies in {Accounts}, {Book} and {Deals}, in that order in the marketplace and in every module; no module adds
/// any. The marketplace names its modules in its constructor, for good.
abstract contract Module is Deals {
    function _microgrids() internal view override returns (IMicrogrids) {
        return IDeals(address(this)).MICROGRIDS();
    }

    function _meters() internal view override returns (IMeters) {
        return IDeals(address(this)).METERS();
    }

    function _energy() internal view override returns (IEnergyToken) {
        return IDeals(address(this)).ENERGY();
    }
}
