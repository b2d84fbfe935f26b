// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IEnergyToken } from "./IEnergyToken.sol";
import { IMeters } from "./IMeters.sol";

/// @title What every kind of trade rests on
interface ITrading {
    /// @notice The microgrid is closed for new trades.
    error Trading_Closed(uint32 microgrid);

    /// @notice The communities and their meters.
    function METERS() external view returns (IMeters);

    /// @notice The energy.
    function ENERGY() external view returns (IEnergyToken);
}
