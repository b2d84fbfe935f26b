// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";
import { MetersFactory } from "./deployment/MetersFactory.sol";
import { IDeals, Take } from "./interfaces/IDeals.sol";
import { IEnergyToken } from "./interfaces/IEnergyToken.sol";
import { IEscrow } from "./interfaces/IEscrow.sol";
import { IForwards, Position, Release } from "./interfaces/IForwards.sol";
import { IMandates } from "./interfaces/IMandates.sol";
import { IMarketplace } from "./interfaces/IMarketplace.sol";
import { IMeters } from "./interfaces/IMeters.sol";
import { IMicrogrids } from "./interfaces/IMicrogrids.sol";
import { Allowance, IOrders, Order } from "./interfaces/IOrders.sol";
import { ISettlement, Match } from "./interfaces/ISettlement.sol";
import { Profile } from "./libraries/Profile.sol";
import { Escrow } from "./market/Escrow.sol";
import { Forwards } from "./market/Forwards.sol";
import { Mandates } from "./market/Mandates.sol";
import { Releases } from "./market/Releases.sol";
import { Settlement } from "./market/Settlement.sol";
import { Spot } from "./market/Spot.sol";

/// @notice Escrow, signed orders and trades. See {IMarketplace}.
/// @dev What is not here runs in modules, see {Module}.
contract Marketplace is Escrow, Spot, Multicall, IMarketplace {
    /// @inheritdoc IDeals
    IMicrogrids public immutable override MICROGRIDS;
    /// @inheritdoc IDeals
    IMeters public immutable override METERS;
    /// @inheritdoc IDeals
    IEnergyToken public immutable override ENERGY;

    address private immutable SETTLEMENT;
    address private immutable FORWARDS;
    address private immutable RELEASES;
    address private immutable MANDATES;

    /// @dev Marketplace, meters and token must trust one another. They are created in one transaction, so that no
    /// contract ever has anyone who could set another one.
    /// @param factory Creates the meters, and they the token.
    constructor(MetersFactory factory, Settlement settlement, Forwards forwards, Releases releases, Mandates mandates) {
        METERS = factory.create();
        MICROGRIDS = METERS.MICROGRIDS();
        ENERGY = METERS.ENERGY();
        SETTLEMENT = address(settlement);
        FORWARDS = address(forwards);
        RELEASES = address(releases);
        MANDATES = address(mandates);
    }

    // =================================================================================================
    // Entry points of modules
    // =================================================================================================

    /// @inheritdoc ISettlement
    function settle(Order[] calldata, bytes[] calldata, Match[] calldata) external override {
        _run(SETTLEMENT);
    }

    /// @inheritdoc IForwards
    function reserve(Order calldata, bytes calldata, Take calldata) external override returns (uint256) {
        _run(FORWARDS);
    }

    /// @inheritdoc IForwards
    function release(Release[] calldata) external override {
        _run(RELEASES);
    }

    /// @inheritdoc IForwards
    function undelivered(Release[] calldata) external override {
        _run(RELEASES);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(address, address, uint256, uint256, uint8, bytes32, bytes32) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IEscrow
    function depositWithAuthorization(
        address,
        address,
        uint256,
        uint256,
        uint256,
        bytes32,
        uint8,
        bytes32,
        bytes32
    ) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IEscrow
    function lock(address, address, address, uint40) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IEscrow
    function cancelAll(address) external override returns (uint64) {
        _run(MANDATES);
    }

    /// @inheritdoc IOrders
    function cancel(uint64[] calldata) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IOrders
    function authorize(address, address, uint256, uint40) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IMandates
    function withdrawFor(address, address, uint256, address, uint40, bytes calldata) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IMandates
    function lockFor(address, address, address, address, uint40, uint40, bytes calldata) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IMandates
    function authorizeFor(address, address, address, uint256, uint40, uint40, bytes calldata) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IMandates
    function cancelFor(address, uint64[] calldata, uint40, bytes calldata) external override {
        _run(MANDATES);
    }

    /// @inheritdoc IMandates
    function cancelAllFor(address, address, uint40, bytes calldata) external override returns (uint64) {
        _run(MANDATES);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IOrders
    // solhint-disable-next-line func-name-mixedcase
    function ANYONE() external pure override returns (address) {
        return EVERYBODY;
    }

    /// @inheritdoc IOrders
    function allowanceOf(
        address maker,
        address currency,
        address delegate
    ) external view override returns (Allowance memory) {
        return _allowances[maker][currency][delegate];
    }

    /// @inheritdoc IOrders
    function fillOf(address maker, uint64 nonce) external view override returns (uint256 energy, bool cancelled) {
        uint256 lane = uint32(_fillsOf(maker, nonce).lanes >> _laneOf(nonce));
        return (lane & 0x7fffffff, lane >> 31 == 1);
    }

    /// @inheritdoc IOrders
    function firmFillOf(
        address maker,
        address currency,
        address settler,
        uint64 nonce
    ) external view override returns (uint256 energy) {
        return uint32(_firmFillsOf(maker, currency, settler, nonce).lanes >> _laneOf(nonce));
    }

    /// @inheritdoc IOrders
    function hashOrder(Order calldata order) external view override returns (bytes32) {
        Order memory copy = _roomForParties(1)[0].order;
        _read(copy, order);
        return _hashTypedDataV4(_structHash(copy));
    }

    /// @inheritdoc IMandates
    function mandateNonceOf(address holder) external view override returns (uint256) {
        return _mandateNonces[holder];
    }

    /// @inheritdoc IForwards
    function openOf(bytes32 id) external view override returns (uint256 blocks) {
        return _open[id];
    }

    /// @inheritdoc IForwards
    function positionId(Position calldata position) external pure override returns (bytes32) {
        return keccak256(abi.encode(position));
    }

    /// @inheritdoc IDeals
    function flowOf(uint32 from, uint32 to, uint32 blockNumber) external view override returns (Profile) {
        return _flows[_directionOf(from, to)][blockNumber];
    }

    /// @inheritdoc IDeals
    function rationedOf(address meter, uint32 blockNumber) external view override returns (Profile) {
        return _rationed[meter][blockNumber];
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Runs the call in a module, on this storage, and answers it as the module does. The three contracts that trades
    /// need are appended to the call, see {Module}.
    function _run(address module) private {
        (IMicrogrids microgrids, IMeters meters, IEnergyToken energy) = (MICROGRIDS, METERS, ENERGY);
        assembly ("memory-safe") {
            let at := mload(0x40)
            let end := add(at, calldatasize())
            calldatacopy(at, 0, calldatasize())
            mstore(end, microgrids)
            mstore(add(end, 0x20), meters)
            mstore(add(end, 0x40), energy)
            let done := delegatecall(gas(), module, at, add(calldatasize(), 0x60), 0, 0)
            returndatacopy(at, 0, returndatasize())
            if done {
                return(at, returndatasize())
            }
            revert(at, returndatasize())
        }
    }

    function _microgrids() internal view override returns (IMicrogrids) {
        return MICROGRIDS;
    }

    function _meters() internal view override returns (IMeters) {
        return METERS;
    }

    function _energy() internal view override returns (IEnergyToken) {
        return ENERGY;
    }
}
