// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Checkpoints } from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {
    Charter,
    Crossing,
    IMicrogrids,
    Level,
    Microgrid,
    Rules,
    Schedule,
    Terms,
    TieLine
} from "./interfaces/IMicrogrids.sol";
import { ProfileLib } from "./libraries/Profile.sol";

/// @notice Communities that trade energy among themselves. See {IMicrogrids}.
contract Microgrids is IMicrogrids {
    using Checkpoints for Checkpoints.Trace224;

    // =================================================================================================
    // Storage
    // =================================================================================================

    struct Record {
        // slot 0: all that a trade in a plain microgrid reads, see {Terms}
        address currency;
        uint80 fee;
        // slot length in units of five minutes
        uint8 slotFives;
        bool plain;
        // slot 1
        address operator;
        uint32 closedFrom;
        uint16 schedules;
        uint16 islands;
        int16 utcOffsetMinutes;
        // slot 2
        address dso;
        uint32 reportingDeadline;
        int16 latitudeTenths;
        int16 longitudeTenths;
        bool islanded;
        // slot 3
        address successor;
        // Raised with each new operator: what a former one proposed is void.
        uint32 term;
        string name;
        Checkpoints.Trace224 rations;
    }

    struct ScheduleHead {
        uint32 firstSlot;
        uint32 endSlot;
        uint48 levelOfHour;
        uint8 levels;
    }

    /// @dev An island that has ended covers `firstSlot` to `lastSlot`, both included.
    struct Island {
        uint32 firstSlot;
        uint32 lastSlot;
        uint40 endedAt;
    }

    /// @dev A tie line is filed under its lower and higher microgrid.
    struct LineRecord {
        // slot 0
        TieLine current;
        // slot 1: takes the place of `current` at `effectiveAt`, 0 when there is none
        TieLine next;
        // slot 2: what one operator, `proposedBy` in its term `term`, has proposed
        TieLine proposed;
        // slot 3
        bool exists;
        uint40 effectiveAt;
        uint32 proposedBy;
        uint32 term;
    }

    /// @inheritdoc IMicrogrids
    uint80 public constant override MIDDLE = type(uint80).max;
    /// @inheritdoc IMicrogrids
    uint40 public constant override NOTICE = 7 days;

    /// @dev A meter keeps its microgrid in 24 bits.
    uint32 private constant MOST_MICROGRIDS = type(uint24).max;
    uint32 private constant FOREVER = type(uint32).max;
    uint256 private constant LATEST_OVERDUE = 30 days;
    uint16 private constant FIVE_MINUTES = 300;
    uint256 private constant HOURS = 24;
    uint256 private constant MOST_LEVELS = 4;

    /// @inheritdoc IMicrogrids
    uint32 public override microgridCount;
    mapping(uint32 microgrid => Record) private _records;
    mapping(uint32 microgrid => mapping(uint16 schedule => ScheduleHead)) private _schedules;
    mapping(uint32 microgrid => mapping(uint256 scheduleAndLevel => Level)) private _levels;
    mapping(uint32 microgrid => mapping(uint16 island => Island)) private _islands;
    /// @dev One bit per slot that was islanded, or declared so afterwards.
    mapping(uint32 microgrid => mapping(uint256 slotDiv256 => uint256)) private _islanded;
    mapping(uint32 microgrid => mapping(uint256 slotDiv256 => uint256)) private _declared;
    mapping(uint256 lowerAndHigher => LineRecord) private _lines;

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
        // Check
        _checkCharter(charter);

        // Effect
        microgrid = microgridCount;
        if (microgrid == MOST_MICROGRIDS) revert Microgrids_TooMany();
        microgridCount = ++microgrid;
        Record storage record = _records[microgrid];
        record.currency = charter.currency;
        record.slotFives = uint8(charter.slotSeconds / FIVE_MINUTES);
        record.operator = msg.sender;
        record.closedFrom = FOREVER;
        record.utcOffsetMinutes = charter.utcOffsetMinutes;
        record.reportingDeadline = charter.reportingDeadline;
        record.latitudeTenths = charter.latitudeTenths;
        record.longitudeTenths = charter.longitudeTenths;
        record.name = charter.name;
        _setDso(record, dso);
        record.rations.push(0, ration);
        emit Founded(microgrid, msg.sender, dso, charter, ration);
        _append(microgrid, record, 0, levelOfHour, levels);
        if (levels.length == 1) (record.fee, record.plain) = (levels[0].fee, true);
    }

    /// @inheritdoc IMicrogrids
    function schedule(
        uint32 microgrid,
        uint32 firstSlot,
        uint48 levelOfHour,
        Level[] calldata levels
    ) external override returns (uint16 index) {
        Record storage record = _operated(microgrid);
        uint256 earliest = _slotsUntil(block.timestamp + NOTICE, _slotSecondsOf(record));
        uint256 afterLast = uint256(_schedules[microgrid][record.schedules - 1].firstSlot) + 1;
        if (afterLast > earliest) earliest = afterLast;
        if (firstSlot < earliest) revert Microgrids_TooEarly(firstSlot, earliest);
        record.plain = false;
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
        uint32 slot = _currentSlot(record);
        record.islanded = islanded;
        if (islanded) {
            uint16 index = record.islands++;
            _islands[microgrid][index].firstSlot = slot;
            record.plain = false;
            emit Islanded(microgrid, index, slot);
        } else {
            uint16 index = record.islands - 1;
            Island storage island = _islands[microgrid][index];
            (island.lastSlot, island.endedAt) = (slot, uint40(block.timestamp));
            _mark(_islanded[microgrid], island.firstSlot, slot);
            emit Reconnected(microgrid, index, slot);
        }
    }

    /// @inheritdoc IMicrogrids
    function declareIslanded(uint32 microgrid, uint32 firstSlot, uint32 lastSlot) external override {
        Record storage record = _operated(microgrid);
        uint256 slotSeconds = _slotSecondsOf(record);
        if (
            firstSlot > lastSlot ||
            (uint256(lastSlot) + 1) * slotSeconds > block.timestamp ||
            (uint256(firstSlot) + 1) * slotSeconds + record.reportingDeadline < block.timestamp
        ) revert Microgrids_BadDeclaration(firstSlot, lastSlot);
        _mark(_declared[microgrid], firstSlot, lastSlot);
        record.plain = false;
        emit IslandDeclared(microgrid, firstSlot, lastSlot);
    }

    /// @inheritdoc IMicrogrids
    function setClosed(uint32 microgrid, bool closed) external override {
        Record storage record = _operated(microgrid);
        if ((record.closedFrom != FOREVER) == closed) revert Microgrids_NothingChanges(microgrid);
        uint32 fromSlot = closed ? _currentSlot(record) + 1 : FOREVER;
        record.closedFrom = fromSlot;
        record.plain = false;
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
        ++record.term;
        emit OperatorChanged(microgrid, msg.sender);
    }

    /// @inheritdoc IMicrogrids
    function proposeTieLine(uint32 mine, uint32 other, TieLine calldata line) external override {
        // Check
        Record storage here = _operated(mine);
        Record storage there = _known(other);
        if (here.currency != there.currency || here.slotFives != there.slotFives) {
            revert Microgrids_TieLineMismatch(mine, other);
        }
        if (mine == other || line.lossBps >= 10_000 || line.capacity > ProfileLib.LANE_MAX) {
            revert Microgrids_BadTieLine(mine, other, line.lossBps, line.capacity);
        }

        // Effect
        (uint32 lower, uint32 higher) = _inOrder(mine, other);
        LineRecord storage record = _lines[_lineKey(lower, higher)];
        if (record.proposedBy != other || record.term != there.term || !_same(record.proposed, line)) {
            record.proposed = line;
            (record.proposedBy, record.term) = (mine, here.term);
            emit TieLineProposed(lower, higher, mine, line);
            return;
        }
        emit TieLineAgreed(lower, higher, line, _agree(record, line));
    }

    /// @inheritdoc IMicrogrids
    function endTieLine(uint32 mine, uint32 other) external override {
        _operated(mine);
        (uint32 lower, uint32 higher) = _inOrder(mine, other);
        LineRecord storage record = _lines[_lineKey(lower, higher)];
        if (!record.exists) revert Microgrids_NoTieLine(mine, other);
        TieLine memory ended = _inForce(record);
        ended.capacity = 0;
        emit TieLineEnded(lower, higher, mine, _agree(record, ended));
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
                islanded: record.islanded,
                closed: record.closedFrom != FOREVER,
                ration: uint32(record.rations.latest()),
                schedules: record.schedules,
                charter: Charter({
                    name: record.name,
                    latitudeTenths: record.latitudeTenths,
                    longitudeTenths: record.longitudeTenths,
                    currency: record.currency,
                    slotSeconds: uint16(_slotSecondsOf(record)),
                    reportingDeadline: record.reportingDeadline,
                    utcOffsetMinutes: record.utcOffsetMinutes
                })
            });
    }

    /// @inheritdoc IMicrogrids
    function termsOf(uint32 microgrid) external view override returns (Terms memory) {
        Record storage record = _known(microgrid);
        return
            Terms({
                currency: record.currency,
                fee: record.fee,
                slotSeconds: uint16(_slotSecondsOf(record)),
                plain: record.plain
            });
    }

    /// @inheritdoc IMicrogrids
    function rulesOf(
        uint32 microgrid,
        uint16 index,
        uint32 firstBlock,
        uint256 blocks,
        bool declared
    ) external view override returns (Rules memory rules) {
        Record storage record = _known(microgrid);
        ScheduleHead memory head = _headOf(microgrid, index);
        rules.firstSlot = head.firstSlot;
        rules.endSlot = head.endSlot;
        rules.closedFrom = record.closedFrom;
        rules.levelOfHour = head.levelOfHour;
        rules.utcOffsetMinutes = record.utcOffsetMinutes;
        for (uint256 i = 0; i < head.levels; ++i) {
            Level storage level = _levels[microgrid][_levelKey(index, i)];
            (rules.prices[i], rules.fees[i], rules.caps[i]) = (level.price, level.fee, level.cap);
        }
        rules.islanded = new uint256[](blocks);
        uint256 islandedFrom =
            record.islanded ? _islands[microgrid][record.islands - 1].firstSlot : type(uint256).max;
        for (uint256 i = 0; i < blocks; ++i) {
            rules.islanded[i] = _islandedLanes(microgrid, uint256(firstBlock) + i, islandedFrom, declared);
        }
    }

    /// @inheritdoc IMicrogrids
    function scheduleOf(uint32 microgrid, uint16 index) external view override returns (Schedule memory found_) {
        _known(microgrid);
        ScheduleHead memory head = _headOf(microgrid, index);
        found_ = Schedule({
            firstSlot: head.firstSlot,
            endSlot: head.endSlot,
            levelOfHour: head.levelOfHour,
            levels: new Level[](head.levels)
        });
        for (uint256 i = 0; i < head.levels; ++i) found_.levels[i] = _levels[microgrid][_levelKey(index, i)];
    }

    /// @inheritdoc IMicrogrids
    function rationOf(uint32 microgrid, uint32 slot) external view override returns (uint32) {
        return uint32(_known(microgrid).rations.upperLookupRecent(slot));
    }

    /// @inheritdoc IMicrogrids
    function overdueAt(uint32 microgrid, uint32 slot, uint16 island) external view override returns (uint40) {
        Record storage record = _known(microgrid);
        uint256 end = (uint256(slot) + 1) * _slotSecondsOf(record);
        uint256 latest = end + LATEST_OVERDUE;
        uint256 overdue = end + record.reportingDeadline;
        if (_isMarked(_declared[microgrid], slot)) overdue = latest;
        if (island < record.islands) {
            Island memory cut = _islands[microgrid][island];
            bool lasts = cut.endedAt == 0;
            if (slot >= cut.firstSlot && (lasts || slot <= cut.lastSlot)) {
                uint256 counted = lasts ? latest : uint256(cut.endedAt) + record.reportingDeadline;
                if (counted > overdue) overdue = counted;
            }
        }
        // A slot of an island that the caller did not name counts as if the island had not ended.
        if (overdue < latest && _isIslanded(microgrid, record, slot) && !_isIn(microgrid, record, island, slot)) {
            overdue = latest;
        }
        return uint40(overdue > latest ? latest : overdue);
    }

    /// @inheritdoc IMicrogrids
    function crossingOf(uint32 from, uint32 to) external view override returns (Crossing memory) {
        (uint32 lower, uint32 higher) = _inOrder(from, to);
        LineRecord storage record = _lines[_lineKey(lower, higher)];
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
    function operatorOf(uint32 microgrid) external view override returns (address) {
        return _known(microgrid).operator;
    }

    /// @inheritdoc IMicrogrids
    function dsoOf(uint32 microgrid) external view override returns (address) {
        return _known(microgrid).dso;
    }

    // =================================================================================================
    // Internal: schedules
    // =================================================================================================

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
        if (index != 0) _schedules[microgrid][index - 1].endSlot = firstSlot;
        _schedules[microgrid][index] = ScheduleHead({
            firstSlot: firstSlot,
            endSlot: FOREVER,
            levelOfHour: levelOfHour,
            levels: uint8(levels.length)
        });
        Level[] memory kept = levels;
        for (uint256 i = 0; i < kept.length; ++i) {
            Level memory level = kept[i];
            if (level.feedIn > level.retail) revert Microgrids_BadSchedule(i);
            if (level.price == MIDDLE) {
                uint256 middle = (uint256(level.feedIn) + level.retail) / 2;
                if (middle >= MIDDLE) revert Microgrids_BadSchedule(i);
                level.price = uint80(middle);
            }
            if (level.fee > level.price) revert Microgrids_BadSchedule(i);
            _levels[microgrid][_levelKey(index, i)] = level;
        }
        emit Scheduled(microgrid, index, firstSlot, levelOfHour, kept);
    }

    function _headOf(uint32 microgrid, uint16 index) private view returns (ScheduleHead memory head) {
        head = _schedules[microgrid][index];
        if (head.levels == 0) revert Microgrids_NoSchedule(microgrid, index);
    }

    function _levelKey(uint16 index, uint256 level) private pure returns (uint256) {
        return uint256(index) * MOST_LEVELS + level;
    }

    // =================================================================================================
    // Internal: islands
    // =================================================================================================

    /// @dev The guard bits of a block's lanes that are islanded.
    function _islandedLanes(
        uint32 microgrid,
        uint256 blockNumber,
        uint256 islandedFrom,
        bool declared
    ) private view returns (uint256) {
        uint256 key = blockNumber / 32;
        uint256 flags = _islanded[microgrid][key];
        if (declared) flags |= _declared[microgrid][key];
        uint256 guards = ProfileLib.guardsOf((flags >> ((blockNumber % 32) * ProfileLib.LANES)) & 0xff);
        if (islandedFrom == type(uint256).max) return guards;
        return guards | (ProfileLib.maskOf(blockNumber, islandedFrom, FOREVER) & ProfileLib.GUARDS);
    }

    /// @dev Sets the bits of the slots `firstSlot` to `lastSlot`, both included. A year of quarter hours is 137 words.
    function _mark(mapping(uint256 => uint256) storage words, uint256 firstSlot, uint256 lastSlot) private {
        for (uint256 key = firstSlot / 256; key <= lastSlot / 256; ++key) {
            uint256 bits = type(uint256).max;
            if (key == firstSlot / 256) bits &= type(uint256).max << (firstSlot % 256);
            if (key == lastSlot / 256) bits &= type(uint256).max >> (255 - (lastSlot % 256));
            words[key] |= bits;
        }
    }

    function _isMarked(mapping(uint256 => uint256) storage words, uint256 slot) private view returns (bool) {
        return (words[slot / 256] >> (slot % 256)) & 1 == 1;
    }

    function _isIslanded(uint32 microgrid, Record storage record, uint256 slot) private view returns (bool) {
        if (_isMarked(_islanded[microgrid], slot)) return true;
        return record.islanded && slot >= _islands[microgrid][record.islands - 1].firstSlot;
    }

    function _isIn(
        uint32 microgrid,
        Record storage record,
        uint16 island,
        uint256 slot
    ) private view returns (bool) {
        if (island >= record.islands) return false;
        Island storage cut = _islands[microgrid][island];
        return slot >= cut.firstSlot && (cut.endedAt == 0 || slot <= cut.lastSlot);
    }

    // =================================================================================================
    // Internal: tie lines
    // =================================================================================================

    /// @dev Puts a line in force: a first one at once, another after {NOTICE}.
    function _agree(LineRecord storage record, TieLine memory line) private returns (uint40 effectiveAt) {
        record.proposedBy = 0;
        effectiveAt = uint40(block.timestamp);
        if (record.exists) {
            record.current = _inForce(record);
            record.next = line;
            effectiveAt += NOTICE;
            record.effectiveAt = effectiveAt;
        } else {
            record.current = line;
            record.exists = true;
        }
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

    function _inOrder(uint32 a, uint32 b) private pure returns (uint32 lower, uint32 higher) {
        return a < b ? (a, b) : (b, a);
    }

    function _lineKey(uint32 lower, uint32 higher) private pure returns (uint256) {
        return (uint256(lower) << 32) | higher;
    }

    // =================================================================================================
    // Internal: the rest
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
        if (deadline < 1 hours || deadline > 30 days) revert Microgrids_BadDeadline(deadline);
        int16 offset = charter.utcOffsetMinutes;
        if (offset < -720 || offset > 840) revert Microgrids_BadOffset(offset);
    }

    function _known(uint32 microgrid) private view returns (Record storage record) {
        record = _records[microgrid];
        if (record.slotFives == 0) revert Microgrids_Unknown(microgrid);
    }

    function _operated(uint32 microgrid) private view returns (Record storage record) {
        record = _known(microgrid);
        if (msg.sender != record.operator) revert Microgrids_NotOperator(microgrid, msg.sender, record.operator);
    }

    function _setDso(Record storage record, address dso) private {
        if (dso == address(0)) revert Microgrids_BadDso();
        record.dso = dso;
    }

    function _slotSecondsOf(Record storage record) private view returns (uint256) {
        return uint256(record.slotFives) * FIVE_MINUTES;
    }

    function _currentSlot(Record storage record) private view returns (uint32) {
        return uint32(block.timestamp / _slotSecondsOf(record));
    }

    /// @dev The first slot that starts at `time` or later.
    function _slotsUntil(uint256 time, uint256 slotSeconds) private pure returns (uint256) {
        return (time + slotSeconds - 1) / slotSeconds;
    }
}
