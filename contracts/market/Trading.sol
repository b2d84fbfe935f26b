// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters } from "../interfaces/IMeters.sol";
import { Mode, Terms } from "../interfaces/IMicrogrids.sol";
import { ITrading } from "../interfaces/ITrading.sol";
import { Meters } from "../Meters.sol";
import { Orders } from "./Orders.sol";

/// @notice What every kind of trade rests on. See {ITrading}.
abstract contract Trading is Orders, ITrading {
    /// @inheritdoc ITrading
    IMeters public immutable override METERS;
    /// @inheritdoc ITrading
    IEnergyToken public immutable override ENERGY;

    /// @dev Marketplace, meters and token must trust one another. They are born in one transaction, so that no
    /// contract ever has anyone who could set another one.
    constructor() {
        METERS = new Meters(address(this));
        ENERGY = METERS.ENERGY();
    }

    /// @dev Where an order trades. Reverts unless its meter is the maker's and the microgrid is open.
    function _openMarketOf(address maker, address meter) internal view returns (uint32 microgrid, Terms memory terms) {
        address owner;
        (owner, microgrid, terms) = METERS.marketOf(meter);
        if (owner != maker) revert Orders_NotMeterOwner(meter, maker, owner);
        if (terms.mode == Mode.Closed) revert Trading_Closed(microgrid);
    }
}
