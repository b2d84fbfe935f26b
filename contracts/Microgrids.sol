// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { Checkpoints } from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import { Charter, IMicrogrids, Level, Microgrid, Rules, Schedule, Terms } from "./interfaces/IMicrogrids.sol";
import { ProfileLib } from "./libraries/Profile.sol";
import { TieLines } from "./TieLines.sol";

/// @notice Communities that trade energy among themselves. See {IMicrogrids}.
contract Microgrids is TieLines {
    using Checkpoints for Checkpoints.Trace224;

    // =================================================================================================
    // Storage
    // =================================================================================================

    struct Record {
        // slot 0: read by every trade
        address currency;
        uint80 fee;
        uint8 slotUnits;
        bool plain;
        // slot 1: read by trades of a microgrid that is not plain
        uint32 closedFrom;
        int16 utcOffsetMinutes;
        uint16 schedules;
        uint16 islands;
        bool islanded;
        uint32 reportingDeadline;
        int16 latitudeTenths;
        int16 longitudeTenths;
        // how many operators there were before this one
        uint32 tenure;
        // slots 2 to 4
        address dso;
        address operator;
        address successor;
        string name;
        // by slot, what is valid from it on
        Checkpoints.Trace224 rations;
        Checkpoints.Trace224 changes;
    }

    struct ScheduleRecord {
        uint32 firstSlot;
        uint32 endSlot;
        uint48 levelOfHour;
        uint8 count;
        Level[4] levels;
    }

    /// @dev Slot lengths are multiples of it.
    uint256 private constant SLOT_UNIT = 300;
    uint32 private constant NEVER = type(uint32).max;
    uint40 private constant NOT_YET = type(uint40).max;
    uint256 private constant LEAST_DEADLINE = 1 hours;
    uint256 private constant MOST_DEADLINE = 30 days;
    uint256 private constant MOST_LEVELS = 4;
    uint256 private constant HOURS = 24;

    /// @inheritdoc IMicrogrids
    uint80 public constant override MIDDLE = type(uint80).max;

    /// @inheritdoc IMicrogrids
    uint32 public override microgridCount;
    mapping(uint32 microgrid => Record) private _records;
    mapping(uint32 microgrid => mapping(uint16 schedule => ScheduleRecord)) private _schedules;
    mapping(uint32 microgrid => mapping(uint256 island => uint40)) private _endedAt;
    /// @dev One bit per slot that was declared islanded afterwards.
    mapping(uint32 microgrid => mapping(uint256 slotDiv256 => uint256)) private _declared;

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IMicrogrids
    function found(
        Charter calldata charter,
        uint48 levelOfHour,
        Level[] calldata levels,
        address dso,
        uint32 ration
    ) external override returns (uint32 microgrid) {
        _checkCharter(charter);
        if (microgridCount == type(uint24).max) revert Microgrids_TooMany();
        microgrid = ++microgridCount;
        Record storage record = _records[microgrid];
        record.currency = charter.currency;
        record.slotUnits = uint8(charter.slotSeconds / SLOT_UNIT);
        record.closedFrom = NEVER;
        record.utcOffsetMinutes = charter.utcOffsetMinutes;
        record.reportingDeadline = charter.reportingDeadline;
        record.latitudeTenths = charter.latitudeTenths;
        record.longitudeTenths = charter.longitudeTenths;
        record.operator = msg.sender;
        record.name = charter.name;
        record.rations.push(0, ration);
        _setDso(record, dso);
        emit Founded(microgrid, msg.sender, dso, charter, ration);
        _append(microgrid, record, 0, levelOfHour, levels);
        if (levels.length == 1) (record.plain, record.fee) = (true, levels[0].fee);
    }

    /// @inheritdoc IMicrogrids
    function schedule(
        uint32 microgrid,
        uint32 firstSlot,
        uint48 levelOfHour,
        Level[] calldata levels
    ) external override returns (uint16 index) {
        Record storage record = _operated(microgrid);
        ScheduleRecord storage last = _schedules[microgrid][record.schedules - 1];
        uint256 slotSeconds = _slotSeconds(record);
        uint256 noticed = Math.ceilDiv(block.timestamp + NOTICE, slotSeconds);
        uint256 earliest = Math.max(noticed, uint256(last.firstSlot) + 1);
        if (firstSlot < earliest) revert Microgrids_TooEarly(firstSlot, earliest);
        record.plain = false;
        last.endSlot = firstSlot;
        return _append(microgrid, record, firstSlot, levelOfHour, levels);
    }

    /// @inheritdoc IMicrogrids
    function setRation(uint32 microgrid, uint32 ration) external override {
        Record storage record = _operated(microgrid);
        uint32 fromSlot = _currentSlot(record) + 1;
        record.rations.push(fromSlot, ration);
        emit RationSet(microgrid, fromSlot, ration);
    }

    /// @inheritdoc IMicrogrids
    function setDso(uint32 microgrid, address dso) external override {
        _setDso(_operated(microgrid), dso);
        emit DsoSet(microgrid, dso);
    }

    /// @inheritdoc IMicrogrids
    function setIslanded(uint32 microgrid, bool islanded) external override {
        Record storage record = _operated(microgrid);
        if (record.islanded == islanded) revert Microgrids_NothingChanges(microgrid);
        record.islanded = islanded;
        (, uint32 lastChange, ) = record.changes.latestCheckpoint();
        uint32 current = _currentSlot(record);
        // An island that begins in the slot in which another one ended begins with the next slot.
        if (islanded) {
            record.plain = false;
            uint16 island = record.islands++;
            uint32 firstSlot = current > lastChange ? current : lastChange;
            record.changes.push(firstSlot, _beginOf(island));
            emit Islanded(microgrid, island, firstSlot);
        } else {
            uint16 island = record.islands - 1;
            uint32 endSlot = current + 1 > lastChange ? current + 1 : lastChange;
            record.changes.push(endSlot, _beginOf(island) + 1);
            _endedAt[microgrid][island] = uint40(block.timestamp);
            emit Reconnected(microgrid, island, endSlot - 1);
        }
    }

    /// @inheritdoc IMicrogrids
    function declareIslanded(uint32 microgrid, uint32 firstSlot, uint32 lastSlot) external override {
        Record storage record = _operated(microgrid);
        if (
            firstSlot > lastSlot ||
            _endOf(record, lastSlot) > block.timestamp ||
            _endOf(record, firstSlot) + record.reportingDeadline <= block.timestamp
        ) revert Microgrids_BadDeclaration(firstSlot, lastSlot);
        record.plain = false;
        mapping(uint256 => uint256) storage declared = _declared[microgrid];
        // No deadline is longer than 30 days: at most 35 words.
        for (uint256 key = firstSlot / 256; key <= lastSlot / 256; ++key) {
            uint256 bits = type(uint256).max;
            if (key == firstSlot / 256) bits <<= firstSlot % 256;
            if (key == lastSlot / 256) bits &= type(uint256).max >> (255 - (lastSlot % 256));
            declared[key] |= bits;
        }
        emit IslandDeclared(microgrid, firstSlot, lastSlot);
    }

    /// @inheritdoc IMicrogrids
    function setClosed(uint32 microgrid, bool closed) external override {
        Record storage record = _operated(microgrid);
        if ((record.closedFrom != NEVER) == closed) revert Microgrids_NothingChanges(microgrid);
        record.plain = false;
        uint32 fromSlot = closed ? _currentSlot(record) + 1 : NEVER;
        record.closedFrom = fromSlot;
        emit ClosedFrom(microgrid, fromSlot);
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
        ++record.tenure;
        emit OperatorChanged(microgrid, msg.sender);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IMicrogrids
    function termsOf(uint32 microgrid) external view override returns (Terms memory terms) {
        Record storage record = _records[microgrid];
        uint256 word;
        // Slot 0 as a whole: Solidity would read it once a member.
        assembly ("memory-safe") {
            word := sload(record.slot)
        }
        uint256 units = uint8(word >> 240);
        if (units == 0) revert Microgrids_Unknown(microgrid);
        terms.currency = address(uint160(word));
        terms.fee = uint80(word >> 160);
        terms.slotSeconds = uint16(units * SLOT_UNIT);
        terms.plain = word >> 248 != 0;
    }

    /// @inheritdoc IMicrogrids
    function plainPriceOf(uint32 microgrid) external view override returns (uint80) {
        return _schedules[microgrid][0].levels[0].price;
    }

    /// @inheritdoc IMicrogrids
    function rulesOf(
        uint32 microgrid,
        uint16 index,
        uint32 firstBlock,
        uint256 blocks,
        bool declared
    ) external view override returns (Rules memory rules) {
        Record storage record = _records[microgrid];
        // One that is missing holds for no slot: a match that names it is skipped, and sinks no other.
        ScheduleRecord storage held = _schedules[microgrid][index];
        rules.firstSlot = held.firstSlot;
        rules.endSlot = held.endSlot;
        rules.levelOfHour = held.levelOfHour;
        rules.closedFrom = record.closedFrom;
        rules.utcOffsetMinutes = record.utcOffsetMinutes;
        uint256 count = held.count;
        for (uint256 i = 0; i < count; ++i) {
            Level storage level = held.levels[i];
            (rules.prices[i], rules.fees[i], rules.caps[i]) = (level.price, level.fee, level.cap);
        }
        rules.islanded = new uint256[](blocks);
        if (record.islands != 0) _markIslands(record.changes, firstBlock, rules.islanded);
        if (declared) _markDeclared(_declared[microgrid], firstBlock, rules.islanded);
    }

    /// @inheritdoc IMicrogrids
    function scheduleOf(uint32 microgrid, uint16 index) external view override returns (Schedule memory result) {
        ScheduleRecord storage held = _scheduleAt(microgrid, index);
        result.firstSlot = held.firstSlot;
        result.endSlot = held.endSlot;
        result.levelOfHour = held.levelOfHour;
        result.levels = new Level[](held.count);
        for (uint256 i = 0; i < result.levels.length; ++i) result.levels[i] = held.levels[i];
    }

    /// @inheritdoc IMicrogrids
    function rationOf(uint32 microgrid, uint32 slot) external view override returns (uint32) {
        return uint32(_known(microgrid).rations.upperLookupRecent(slot));
    }

    /// @inheritdoc IMicrogrids
    function overdueAt(uint32 microgrid, uint32 slot) external view override returns (uint40) {
        Record storage record = _known(microgrid);
        uint256 end = _endOf(record, slot);
        uint256 latest = end + MOST_DEADLINE;
        if ((_declared[microgrid][slot / 256] >> (slot % 256)) & 1 == 1) return uint40(latest);
        uint256 change = record.changes.upperLookupRecent(slot);
        if (_isIsland(change)) {
            uint256 endedAt = _endedAt[microgrid][change / 2];
            if (endedAt == 0) return block.timestamp < latest ? NOT_YET : uint40(latest);
            end = Math.max(end, endedAt);
        }
        return uint40(Math.min(end + record.reportingDeadline, latest));
    }

    /// @inheritdoc IMicrogrids
    function microgridOf(uint32 microgrid) external view override returns (Microgrid memory result) {
        Record storage record = _known(microgrid);
        result.operator = record.operator;
        result.pendingOperator = record.successor;
        result.dso = record.dso;
        result.islanded = record.islanded;
        result.closed = record.closedFrom != NEVER;
        result.ration = uint32(record.rations.upperLookupRecent(_currentSlot(record)));
        result.schedules = record.schedules;
        result.charter = Charter({
            name: record.name,
            latitudeTenths: record.latitudeTenths,
            longitudeTenths: record.longitudeTenths,
            currency: record.currency,
            slotSeconds: uint16(_slotSeconds(record)),
            reportingDeadline: record.reportingDeadline,
            utcOffsetMinutes: record.utcOffsetMinutes
        });
    }

    /// @inheritdoc IMicrogrids
    function operatorOf(uint32 microgrid) external view override returns (address) {
        return _known(microgrid).operator;
    }

    /// @inheritdoc IMicrogrids
    function dsoOf(uint32 microgrid) external view override returns (address) {
        return _known(microgrid).dso;
    }

    // =================================================================================================
    // Internal: charter and schedules
    // =================================================================================================

    function _checkCharter(Charter calldata charter) private view {
        uint256 nameLength = bytes(charter.name).length;
        if (nameLength == 0 || nameLength > 64) revert Microgrids_BadName(nameLength);
        (int16 latitude, int16 longitude) = (charter.latitudeTenths, charter.longitudeTenths);
        if (latitude < -900 || latitude > 900 || longitude < -1800 || longitude > 1800) {
            revert Microgrids_BadPlace(latitude, longitude);
        }
        if (charter.currency.code.length == 0) revert Microgrids_BadCurrency(charter.currency);
        uint16 slot = charter.slotSeconds;
        if (slot != 300 && slot != 900 && slot != 1800 && slot != 3600) revert Microgrids_BadSlotLength(slot);
        uint32 deadline = charter.reportingDeadline;
        if (deadline < LEAST_DEADLINE || deadline > MOST_DEADLINE) revert Microgrids_BadDeadline(deadline);
        int16 offset = charter.utcOffsetMinutes;
        if (offset < -720 || offset > 840) revert Microgrids_BadOffset(offset);
    }

    function _append(
        uint32 microgrid,
        Record storage record,
        uint32 firstSlot,
        uint48 levelOfHour,
        Level[] calldata levels
    ) private returns (uint16 index) {
        if (levels.length == 0 || levels.length > MOST_LEVELS) revert Microgrids_BadSchedule(levels.length);
        for (uint256 hour = 0; hour < HOURS; ++hour) {
            uint256 level = (levelOfHour >> (2 * hour)) & 3;
            if (level >= levels.length) revert Microgrids_BadSchedule(level);
        }
        index = record.schedules++;
        ScheduleRecord storage added = _schedules[microgrid][index];
        added.firstSlot = firstSlot;
        added.endSlot = NEVER;
        added.levelOfHour = levelOfHour;
        added.count = uint8(levels.length);
        Level[] memory inForce = levels;
        for (uint256 i = 0; i < inForce.length; ++i) {
            Level memory level = inForce[i];
            uint256 price = level.price;
            if (price == MIDDLE) price = (uint256(level.feedIn) + level.retail) / 2;
            if (level.feedIn > level.retail || level.fee > price || price > type(uint80).max) {
                revert Microgrids_BadSchedule(i);
            }
            level.price = uint80(price);
            added.levels[i] = level;
        }
        emit Scheduled(microgrid, index, firstSlot, levelOfHour, inForce);
    }

    function _scheduleAt(uint32 microgrid, uint16 index) private view returns (ScheduleRecord storage held) {
        held = _schedules[microgrid][index];
        if (held.count == 0) revert Microgrids_NoSchedule(microgrid, index);
    }

    function _setDso(Record storage record, address dso) private {
        if (dso == address(0)) revert Microgrids_BadDso();
        record.dso = dso;
    }

    // =================================================================================================
    // Internal: islands
    // =================================================================================================

    /// @dev Changes are counted: island i begins with change 2 i + 1 and ends with change 2 i + 2, so that two slots between
    /// which nothing has changed have the same number, and an odd one says that they are islanded.
    function _beginOf(uint16 island) private pure returns (uint224) {
        return 2 * uint224(island) + 1;
    }

    function _isIsland(uint256 change) private pure returns (bool) {
        return change % 2 == 1;
    }

    /// @dev Sets the guard bits of islanded lanes. Looks closer only where something changes.
    function _markIslands(
        Checkpoints.Trace224 storage changes,
        uint256 firstBlock,
        uint256[] memory words
    ) private view {
        uint256 firstSlot = firstBlock * ProfileLib.LANES;
        (bool steady, uint256 guards) = _steady(changes, firstSlot, words.length * ProfileLib.LANES);
        for (uint256 i = 0; i < words.length; ++i) {
            words[i] = steady ? guards : _guardsOf(changes, firstSlot + i * ProfileLib.LANES);
        }
    }

    function _guardsOf(Checkpoints.Trace224 storage changes, uint256 firstSlot) private view returns (uint256 guards) {
        bool steady;
        (steady, guards) = _steady(changes, firstSlot, ProfileLib.LANES);
        if (steady) return guards;
        guards = 0;
        for (uint256 i = 0; i < ProfileLib.LANES; ++i) {
            if (_isIsland(_changeAt(changes, firstSlot + i))) guards |= 1 << (32 * i + 31);
        }
    }

    /// @dev Whether nothing changes over `count` slots, and the guards that all their blocks then have.
    function _steady(
        Checkpoints.Trace224 storage changes,
        uint256 firstSlot,
        uint256 count
    ) private view returns (bool steady, uint256 guards) {
        if (count == 0) return (true, 0);
        uint256 change = _changeAt(changes, firstSlot);
        return (change == _changeAt(changes, firstSlot + count - 1), _isIsland(change) ? ProfileLib.GUARDS : 0);
    }

    /// @dev Slots beyond 32 bits don't exist; they count as the last one.
    function _changeAt(Checkpoints.Trace224 storage changes, uint256 slot) private view returns (uint256) {
        return changes.upperLookupRecent(uint32(Math.min(slot, type(uint32).max)));
    }

    function _markDeclared(
        mapping(uint256 => uint256) storage declared,
        uint256 firstBlock,
        uint256[] memory words
    ) private view {
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 blockNumber = firstBlock + i;
            // Thirty-two blocks share a word.
            words[i] |= ProfileLib.guardsOf((declared[blockNumber / 32] >> ((blockNumber % 32) * 8)) & 0xff);
        }
    }

    // =================================================================================================
    // Internal: slots and operators
    // =================================================================================================

    function _slotSeconds(Record storage record) private view returns (uint256) {
        return record.slotUnits * SLOT_UNIT;
    }

    function _currentSlot(Record storage record) private view returns (uint32) {
        return uint32(block.timestamp / _slotSeconds(record));
    }

    /// @dev The Unix time of a slot's end.
    function _endOf(Record storage record, uint256 slot) private view returns (uint256) {
        return (slot + 1) * _slotSeconds(record);
    }

    function _known(uint32 microgrid) private view returns (Record storage record) {
        record = _records[microgrid];
        if (record.slotUnits == 0) revert Microgrids_Unknown(microgrid);
    }

    function _operated(uint32 microgrid) private view returns (Record storage record) {
        record = _known(microgrid);
        if (msg.sender != record.operator) revert Microgrids_NotOperator(microgrid, msg.sender, record.operator);
    }

    /// @inheritdoc TieLines
    function _tenureOf(uint32 microgrid) internal view override returns (uint32) {
        return _records[microgrid].tenure;
    }

    /// @inheritdoc TieLines
    function _checkLineBy(uint32 mine, uint32 other) internal view override {
        Record storage here = _operated(mine);
        Record storage there = _known(other);
        if (here.currency != there.currency || here.slotUnits != there.slotUnits) {
            revert Microgrids_TieLineMismatch(mine, other);
        }
    }
}
