// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Charter, Crossing, IMicrogrids, Microgrid, Mode, Tariffs, Terms, TieLine } from "./interfaces/IMicrogrids.sol";
import { ProfileLib } from "./libraries/Profile.sol";

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
        uint32 islandRation;
        address successor;
        string name;
    }

    /// @dev A line is filed under its lower and higher microgrid.
    struct LineRecord {
        // slot 0
        TieLine current;
        // slot 1: takes the place of `current` at `effectiveAt`, 0 when there is none
        TieLine next;
        // slot 2: what one operator, `proposedBy`, has proposed
        TieLine proposed;
        // slot 3
        bool exists;
        uint40 effectiveAt;
        uint32 proposedBy;
    }

    /// @inheritdoc IMicrogrids
    uint40 public constant override NOTICE = 7 days;

    /// @inheritdoc IMicrogrids
    uint32 public override microgridCount;
    mapping(uint32 microgrid => Record) private _records;
    mapping(uint256 lowerAndHigher => LineRecord) private _lines;

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

    /// @inheritdoc IMicrogrids
    function proposeTieLine(uint32 mine, uint32 other, TieLine calldata line) external override {
        // Check
        _operated(mine);
        Terms storage here = _termsOf(mine);
        Terms storage there = _known(other).terms;
        if (here.currency != there.currency || here.slotSeconds != there.slotSeconds) {
            revert Microgrids_TieLineMismatch(mine, other);
        }
        if (mine == other || line.lossBps >= 10_000 || line.capacity > ProfileLib.LANE_MAX) {
            revert Microgrids_BadTieLine(mine, other, line.lossBps, line.capacity);
        }

        // Effect
        (uint32 lower, uint32 higher) = mine < other ? (mine, other) : (other, mine);
        LineRecord storage record = _lines[_lineKey(lower, higher)];
        if (record.proposedBy != other || !_same(record.proposed, line)) {
            record.proposed = line;
            record.proposedBy = mine;
            emit TieLineProposed(lower, higher, mine, line);
            return;
        }
        record.proposedBy = 0;
        uint40 effectiveAt = uint40(block.timestamp);
        if (record.exists) {
            record.current = _inForce(record);
            record.next = line;
            effectiveAt += NOTICE;
            record.effectiveAt = effectiveAt;
        } else {
            record.current = line;
            record.exists = true;
        }
        emit TieLineAgreed(lower, higher, line, effectiveAt);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IMicrogrids
    function crossingOf(uint32 from, uint32 to) external view override returns (Crossing memory) {
        LineRecord storage record = _lines[from < to ? _lineKey(from, to) : _lineKey(to, from)];
        if (!record.exists) revert Microgrids_NoTieLine(from, to);
        TieLine storage line = _inForce(record);
        return
            Crossing({
                lossBps: line.lossBps,
                capacity: line.capacity,
                wheeling: from < to ? line.wheelingUp : line.wheelingDown
            });
    }

    /// @inheritdoc IMicrogrids
    function termsOf(uint32 microgrid) external view override returns (Terms memory terms) {
        terms = _termsOf(microgrid);
        if (terms.slotSeconds == 0) revert Microgrids_Unknown(microgrid);
    }

    /// @inheritdoc IMicrogrids
    function islandRulesOf(uint32 microgrid) external view override returns (uint96 priceCap, uint32 ration) {
        Record storage record = _known(microgrid);
        return (record.islandPriceCap, record.islandRation);
    }

    /// @inheritdoc IMicrogrids
    function feedInOf(uint32 microgrid) external view override returns (uint96) {
        return _known(microgrid).feedIn;
    }

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
                    islandPriceCap: record.islandPriceCap,
                    islandRation: record.islandRation
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

    function _reportingDeadlineOf(uint32 microgrid) internal view returns (uint32) {
        return _records[microgrid].reportingDeadline;
    }

    function _lineKey(uint32 lower, uint32 higher) private pure returns (uint256) {
        return (uint256(lower) << 32) | higher;
    }

    function _inForce(LineRecord storage record) private view returns (TieLine storage) {
        return record.effectiveAt != 0 && record.effectiveAt <= block.timestamp ? record.next : record.current;
    }

    function _same(TieLine storage a, TieLine calldata b) private view returns (bool) {
        return
            a.lossBps == b.lossBps &&
            a.capacity == b.capacity &&
            a.wheelingUp == b.wheelingUp &&
            a.wheelingDown == b.wheelingDown;
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
        record.islandRation = tariffs.islandRation;
    }

    function _setDso(Record storage record, address dso) private {
        if (dso == address(0)) revert Microgrids_BadDso();
        record.dso = dso;
    }
}
