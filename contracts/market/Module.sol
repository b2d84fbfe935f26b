// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters } from "../interfaces/IMeters.sol";
import { IMicrogrids } from "../interfaces/IMicrogrids.sol";
import { Deals } from "./Deals.sol";

/// @notice A module of the marketplace: code that the marketplace runs by delegatecall on its own storage, because one
/// contract has no space for all of it. A module keeps nothing and owns nothing; called by itself it does nothing.
/// @dev State lies in {Accounts}, {Book} and {Deals}, in that order in the marketplace and in every module; no module adds
/// any. The marketplace names its modules in its constructor, for good.
abstract contract Module is Deals {
    function _microgrids() internal pure override returns (IMicrogrids) {
        return IMicrogrids(_companion(0x60));
    }

    function _meters() internal pure override returns (IMeters) {
        return IMeters(_companion(0x40));
    }

    function _energy() internal pure override returns (IEnergyToken) {
        return IEnergyToken(_companion(0x20));
    }

    /// @dev The marketplace appends the contracts that it works with to the calldata of every call that it runs here: to ask
    /// it for them would cost some 600 gas each. Whoever calls a module directly can append any, to no effect but on the
    /// module's own storage, which nobody reads.
    /// @param fromEnd Where it lies, in bytes from the end.
    function _companion(uint256 fromEnd) private pure returns (address companion) {
        assembly ("memory-safe") {
            companion := calldataload(sub(calldatasize(), fromEnd))
        }
    }
}
