// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Charter, IMicrogrids, Microgrid, Mode, Tariffs, Terms } from "./interfaces/IMicrogrids.sol";

/// @notice Communities that trade energy among themselves. See {IMicrogrids}.
abstract contract Microgrids is IMicrogrids {
    // =================================================================================================
    // Storage
    // =================================================================================================

    struct Record {
        // slot 0: read by every trade
        Terms terms;
        // slot 1
        uint96 feedIn;
        uint96 retail;
        uint32 reportingDeadline;
        int16 latitudeTenths;
        int16 longitudeTenths;
        // slot 2
        address dso;
        uint96 islandPriceCap;
        // slots 3 to 5
        address operator;
        address successor;
        string name;
    }

    /// @inheritdoc IMicrogrids
    uint32 public override microgridCount;
    mapping(uint32 microgrid => Record) private _records;

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IMicrogrids
    function found(
        Charter calldata charter,
        Tariffs calldata tariffs,
        address dso
    ) external override returns (uint32 microgrid) {
        // Check
        uint256 nameLength = bytes(charter.name).length;
        if (nameLength == 0 || nameLength > 64) revert Microgrids_BadName(nameLength);
        if (
            charter.latitudeTenths < -900 ||
            charter.latitudeTenths > 900 ||
            charter.longitudeTenths < -1800 ||
            charter.longitudeTenths > 1800
        ) revert Microgrids_BadPlace(charter.latitudeTenths, charter.longitudeTenths);
        if (charter.currency.code.length == 0) revert Microgrids_BadCurrency(charter.currency);
        uint16 slot = charter.slotSeconds;
        if (slot != 300 && slot != 900 && slot != 1800 && slot != 3600) revert Microgrids_BadSlotLength(slot);

        // Effect
        microgrid = ++microgridCount;
        Record storage record = _records[microgrid];
        record.terms.currency = charter.currency;
        record.terms.slotSeconds = slot;
        record.reportingDeadline = charter.reportingDeadline;
        record.latitudeTenths = charter.latitudeTenths;
        record.longitudeTenths = charter.longitudeTenths;
        record.operator = msg.sender;
        record.name = charter.name;
        _setTariffs(record, tariffs);
        _setDso(record, dso);
        emit Founded(microgrid, msg.sender, dso, charter, tariffs);
    }

    /// @inheritdoc IMicrogrids
    function setTariffs(uint32 microgrid, Tariffs calldata tariffs) external override {
        _setTariffs(_operated(microgrid), tariffs);
        emit TariffsSet(microgrid, tariffs);
    }

    /// @inheritdoc IMicrogrids
    function setDso(uint32 microgrid, address dso) external override {
        _setDso(_operated(microgrid), dso);
        emit DsoSet(microgrid, dso);
    }

    /// @inheritdoc IMicrogrids
    function setMode(uint32 microgrid, Mode mode) external override {
        _operated(microgrid).terms.mode = mode;
        emit ModeSet(microgrid, mode);
    }

    /// @inheritdoc IMicrogrids
    function handOver(uint32 microgrid, address successor) external override {
        _operated(microgrid).successor = successor;
        emit HandOverOffered(microgrid, msg.sender, successor);
    }

    /// @inheritdoc IMicrogrids
    function acceptHandOver(uint32 microgrid) external override {
        Record storage record = _known(microgrid);
        address successor = record.successor;
        if (msg.sender != successor) revert Microgrids_NotSuccessor(microgrid, msg.sender, successor);
        record.operator = msg.sender;
        record.successor = address(0);
        emit OperatorChanged(microgrid, msg.sender);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IMicrogrids
    function microgridOf(uint32 microgrid) external view override returns (Microgrid memory) {
        Record storage record = _known(microgrid);
        return
            Microgrid({
                operator: record.operator,
                pendingOperator: record.successor,
                dso: record.dso,
                mode: record.terms.mode,
                charter: Charter({
                    name: record.name,
                    latitudeTenths: record.latitudeTenths,
                    longitudeTenths: record.longitudeTenths,
                    currency: record.terms.currency,
                    slotSeconds: record.terms.slotSeconds,
                    reportingDeadline: record.reportingDeadline
                }),
                tariffs: Tariffs({
                    feedIn: record.feedIn,
                    retail: record.retail,
                    networkFee: record.terms.networkFee,
                    islandPriceCap: record.islandPriceCap
                })
            });
    }

    /// @inheritdoc IMicrogrids
    function operatorOf(uint32 microgrid) public view override returns (address) {
        return _known(microgrid).operator;
    }

    /// @inheritdoc IMicrogrids
    function dsoOf(uint32 microgrid) external view override returns (address) {
        return _known(microgrid).dso;
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Blank for an unknown microgrid.
    function _termsOf(uint32 microgrid) internal view returns (Terms storage) {
        return _records[microgrid].terms;
    }

    function _known(uint32 microgrid) private view returns (Record storage record) {
        record = _records[microgrid];
        if (record.terms.slotSeconds == 0) revert Microgrids_Unknown(microgrid);
    }

    function _operated(uint32 microgrid) private view returns (Record storage record) {
        record = _known(microgrid);
        if (msg.sender != record.operator) revert Microgrids_NotOperator(microgrid, msg.sender, record.operator);
    }

    function _setTariffs(Record storage record, Tariffs calldata tariffs) private {
        if (tariffs.feedIn > tariffs.retail) revert Microgrids_BadTariffs(tariffs.feedIn, tariffs.retail);
        record.feedIn = tariffs.feedIn;
        record.retail = tariffs.retail;
        record.terms.networkFee = tariffs.networkFee;
        record.islandPriceCap = tariffs.islandPriceCap;
    }

    function _setDso(Record storage record, address dso) private {
        if (dso == address(0)) revert Microgrids_BadDso();
        record.dso = dso;
    }
}
