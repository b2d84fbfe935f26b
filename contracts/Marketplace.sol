// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";
import { MetersFactory } from "./deployment/MetersFactory.sol";
import { IEnergyToken } from "./interfaces/IEnergyToken.sol";
import { IForwards, Position, Release } from "./interfaces/IForwards.sol";
import { IMarketplace } from "./interfaces/IMarketplace.sol";
import { IMeters } from "./interfaces/IMeters.sol";
import { Order } from "./interfaces/IOrders.sol";
import { ISettlement, Match } from "./interfaces/ISettlement.sol";
import { ITrading, Take } from "./interfaces/ITrading.sol";
import { Profile } from "./libraries/Profile.sol";
import { Escrow } from "./market/Escrow.sol";
import { Forwards } from "./market/Forwards.sol";
import { Orders } from "./market/Orders.sol";
import { Settlement } from "./market/Settlement.sol";
import { Spot } from "./market/Spot.sol";

/// @notice Escrow, signed orders and trades. See {IMarketplace}.
/// @dev `settle` and the forwards run in rooms: see {Room}.
contract Marketplace is Escrow, Orders, Spot, Multicall, IMarketplace {
    /// @inheritdoc ITrading
    IMeters public immutable override METERS;
    /// @inheritdoc ITrading
    IEnergyToken public immutable override ENERGY;

    address private immutable SETTLEMENT;
    address private immutable FORWARDS;

    /// @dev Marketplace, meters and token must trust one another. They are born in one transaction, so that no
    /// contract ever has anyone who could set another one.
    /// @param factory Brings the meters, and they the token.
    constructor(MetersFactory factory, Settlement settlement, Forwards forwards) {
        METERS = factory.create();
        ENERGY = METERS.ENERGY();
        SETTLEMENT = address(settlement);
        FORWARDS = address(forwards);
    }

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc ISettlement
    function settle(Order[] calldata, bytes[] calldata, Match[] calldata) external override {
        Address.functionDelegateCall(SETTLEMENT, msg.data);
    }

    /// @inheritdoc IForwards
    function reserve(Order calldata, bytes calldata, Take calldata) external override {
        Address.functionDelegateCall(FORWARDS, msg.data);
    }

    /// @inheritdoc IForwards
    function release(Release[] calldata) external override {
        Address.functionDelegateCall(FORWARDS, msg.data);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IForwards
    function reservedOf(bytes32 id, uint32 blockNumber) external view override returns (Profile) {
        return _reserved[id][blockNumber];
    }

    /// @inheritdoc IForwards
    function positionId(Position calldata position) external pure override returns (bytes32) {
        return keccak256(abi.encode(position));
    }

    /// @inheritdoc ITrading
    function flowOf(uint32 from, uint32 to, uint32 blockNumber) external view override returns (Profile) {
        return _flows[_direction(from, to)][blockNumber];
    }

    /// @inheritdoc ITrading
    function rationedOf(address meter, uint32 blockNumber) external view override returns (Profile) {
        return _rationed[meter][blockNumber];
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    function _meters() internal view override returns (IMeters) {
        return METERS;
    }

    function _energy() internal view override returns (IEnergyToken) {
        return ENERGY;
    }
}
