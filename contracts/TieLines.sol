// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Crossing, IMicrogrids, TieLine } from "./interfaces/IMicrogrids.sol";
import { ProfileLib } from "./libraries/Profile.sol";

/// @notice Lines between two microgrids, agreed by both operators. See {IMicrogrids}.
abstract contract TieLines is IMicrogrids {
    // =================================================================================================
    // Storage
    // =================================================================================================

    /// @dev A line is filed under its lower and higher microgrid.
    struct LineRecord {
        // slot 0
        TieLine current;
        // slot 1: takes the place of `current` at `effectiveAt`, 0 when there is none
        TieLine next;
        // slot 2: what the operator of `proposedBy` has proposed, in its tenure `proposedIn`
        TieLine proposed;
        // slot 3
        bool exists;
        uint40 effectiveAt;
        uint32 proposedBy;
        uint32 proposedIn;
    }

    /// @inheritdoc IMicrogrids
    uint40 public constant override NOTICE = 7 days;

    mapping(uint256 lowerAndHigher => LineRecord) private _lines;

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IMicrogrids
    function proposeTieLine(uint32 mine, uint32 other, TieLine calldata line) external override {
        // Check
        _checkLineBy(mine, other);
        if (mine == other || line.lossBps >= 10_000 || line.capacity > ProfileLib.LANE_MAX) {
            revert Microgrids_BadTieLine(mine, other, line.lossBps, line.capacity);
        }

        // Effect
        (uint32 lower, uint32 higher) = _sorted(mine, other);
        LineRecord storage record = _lines[_keyOf(mine, other)];
        // What a former operator proposed binds nobody.
        bool open = record.proposedBy == other && record.proposedIn == _tenureOf(other);
        if (!open || !_same(record.proposed, line)) {
            record.proposed = line;
            (record.proposedBy, record.proposedIn) = (mine, _tenureOf(mine));
            emit TieLineProposed(lower, higher, mine, line);
            return;
        }
        record.proposedBy = 0;
        uint40 effectiveAt = uint40(block.timestamp);
        if (record.exists) {
            effectiveAt = _replace(record, line);
        } else {
            record.current = line;
            record.exists = true;
        }
        emit TieLineAgreed(lower, higher, line, effectiveAt);
    }

    /// @inheritdoc IMicrogrids
    function endTieLine(uint32 mine, uint32 other) external override {
        _checkLineBy(mine, other);
        LineRecord storage record = _lines[_keyOf(mine, other)];
        if (!record.exists) revert Microgrids_NoTieLine(mine, other);
        // An end that is announced stays: the other side can't put it off by announcing another.
        TieLine storage last = record.effectiveAt == 0 ? record.current : record.next;
        if (last.capacity == 0) revert Microgrids_NothingChanges(mine);
        // Whoever ends the line has no offer of it open any more.
        record.proposedBy = 0;
        TieLine memory nothing;
        uint40 effectiveAt = _replace(record, nothing);
        (uint32 lower, uint32 higher) = _sorted(mine, other);
        emit TieLineEnded(lower, higher, mine, effectiveAt);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IMicrogrids
    function crossingOf(uint32 from, uint32 to) external view override returns (Crossing memory) {
        LineRecord storage record = _lines[_keyOf(from, to)];
        if (!record.exists) revert Microgrids_NoTieLine(from, to);
        TieLine storage line = _inForce(record);
        return
            Crossing({
                lossBps: line.lossBps,
                capacity: line.capacity,
                wheeling: from < to ? line.wheelingUp : line.wheelingDown
            });
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev How many operators a microgrid had before the present one.
    function _tenureOf(uint32 microgrid) internal view virtual returns (uint32);

    /// @dev Reverts unless the caller operates `mine`, and energy could cross to `other`.
    function _checkLineBy(uint32 mine, uint32 other) internal view virtual;

    /// @dev Has `line` follow, with notice, what is in force now.
    function _replace(LineRecord storage record, TieLine memory line) private returns (uint40 effectiveAt) {
        record.current = _inForce(record);
        record.next = line;
        effectiveAt = uint40(block.timestamp) + NOTICE;
        record.effectiveAt = effectiveAt;
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

    function _sorted(uint32 a, uint32 b) private pure returns (uint32 lower, uint32 higher) {
        return a < b ? (a, b) : (b, a);
    }

    function _keyOf(uint32 a, uint32 b) private pure returns (uint256) {
        (uint256 lower, uint256 higher) = _sorted(a, b);
        return (lower << 32) | higher;
    }
}
