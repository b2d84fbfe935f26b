// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a community decides once, when it is founded.
/// @param name 1 to 64 bytes of UTF-8.
/// @param latitudeTenths Tenths of a degree, north positive: coarse on purpose, yet enough to check what the
/// sun can have done there.
/// @param longitudeTenths Tenths of a degree, east positive.
/// @param currency The ERC-20 token that all prices and money of the microgrid are in.
/// @param slotSeconds Length of a delivery slot: 300, 900, 1800 or 3600.
/// @param reportingDeadline Seconds after a slot's end from which its missing reading can be called undelivered: an hour to
/// 30 days.
/// @param utcOffsetMinutes By how much the community's clock, without summer time, is ahead of UTC: -720 to 840. It says
/// which hour of day a slot belongs to.
struct Charter {
    string name;
    int16 latitudeTenths;
    int16 longitudeTenths;
    address currency;
    uint16 slotSeconds;
    uint32 reportingDeadline;
    int16 utcOffsetMinutes;
}

/// @notice Prices of some hours of the day, in base units of the currency per kWh.
/// @param price The community price: what a buyer pays when two limits meet. {IMicrogrids-MIDDLE} stands for the middle of
/// feed-in and retail tariff.
/// @param fee What a trade pays to the DSO; at most `price`.
/// @param cap The most a buyer pays in a slot that is islanded.
/// @param feedIn What the grid pays a prosumer; no rule rests on it.
/// @param retail What the grid charges a consumer; no rule rests on it.
struct Level {
    uint80 price;
    uint80 fee;
    uint80 cap;
    uint96 feedIn;
    uint96 retail;
}

/// @notice Which level holds at which hour, over a run of slots.
/// @param firstSlot The first slot it holds for.
/// @param endSlot The first slot it does not hold for any more; 2^32 - 1 as long as none is to follow.
/// @param levelOfHour Two bits an hour of the community's day, hour 0 lowest: an index into `levels`.
/// @param levels One to four.
struct Schedule {
    uint32 firstSlot;
    uint32 endSlot;
    uint48 levelOfHour;
    Level[] levels;
}

/// @notice All that every trade needs to know of a microgrid, in one storage word.
/// @param currency What it trades in.
/// @param fee The network fee, valid only when the microgrid is plain.
/// @param slotSeconds Length of its delivery slots.
/// @param plain Whether it has one schedule of one level and was never islanded nor closed: then there is nothing else to ask.
struct Terms {
    address currency;
    uint80 fee;
    uint16 slotSeconds;
    bool plain;
}

/// @notice What trades of some blocks go by, beyond {Terms}.
/// @param firstSlot The first slot that the schedule holds for.
/// @param endSlot The first slot that it does not hold for any more.
/// @param closedFrom Slots from here on don't trade; 2^32 - 1 when the microgrid is open.
/// @param levelOfHour As in {Schedule}.
/// @param utcOffsetMinutes As in {Charter}.
/// @param prices Community price by level. Not yet cut to the cap.
/// @param fees Network fee by level.
/// @param caps Island price cap by level.
/// @param islanded One word per block: the guard bits of the lanes that were or are islanded.
struct Rules {
    uint32 firstSlot;
    uint32 endSlot;
    uint32 closedFrom;
    uint48 levelOfHour;
    int16 utcOffsetMinutes;
    uint80[4] prices;
    uint80[4] fees;
    uint80[4] caps;
    uint256[] islanded;
}

/// @notice What a tie line between two microgrids does to energy that crosses it.
/// @param lossBps Lost on the way, in hundredths of a percent, below 10,000.
/// @param capacity Wh per slot in each direction, at most 2^31 - 1; 0 closes the line.
/// @param wheelingUp Base units per kWh sent from the lower-numbered microgrid to the higher-numbered one.
/// @param wheelingDown Base units per kWh sent the other way.
struct TieLine {
    uint16 lossBps;
    uint32 capacity;
    uint72 wheelingUp;
    uint72 wheelingDown;
}

/// @notice A tie line seen from one end, for energy that goes `from` there `to` the other.
struct Crossing {
    uint16 lossBps;
    uint32 capacity;
    uint72 wheeling;
}

/// @notice A microgrid as a whole, as it is now.
struct Microgrid {
    address operator;
    address pendingOperator;
    address dso;
    bool islanded;
    bool closed;
    uint32 ration;
    uint16 schedules;
    Charter charter;
}

/// @title Communities that trade energy among themselves
/// @notice Anyone founds a microgrid and becomes its operator. An operator decides prices with notice, islands, and who is
/// metered; never over anyone's money, energy or bonds. What changes is appended and holds from a slot on; what held for a
/// slot is kept.
/// @dev At once: islanding, closing (for slots that start later), the DSO's account, and the ration from the next slot.
/// With {NOTICE}: schedules, and tie lines once they exist.
interface IMicrogrids {
    event Founded(uint32 indexed microgrid, address indexed operator, address dso, Charter charter, uint32 ration);
    /// @notice A schedule was appended; `price` of each level as it holds, with {MIDDLE} replaced.
    event Scheduled(
        uint32 indexed microgrid,
        uint16 indexed schedule,
        uint32 firstSlot,
        uint48 levelOfHour,
        Level[] levels
    );
    event RationSet(uint32 indexed microgrid, uint32 fromSlot, uint32 ration);
    event DsoSet(uint32 indexed microgrid, address indexed dso);
    /// @notice An island began with this slot.
    event Islanded(uint32 indexed microgrid, uint16 indexed island, uint32 firstSlot);
    /// @notice An island ended with this slot, included.
    event Reconnected(uint32 indexed microgrid, uint16 indexed island, uint32 lastSlot);
    /// @notice Past slots were declared islanded, both included.
    event IslandDeclared(uint32 indexed microgrid, uint32 firstSlot, uint32 lastSlot);
    /// @notice Slots from `fromSlot` on don't trade; 2^32 - 1 when it opens again.
    event ClosedFrom(uint32 indexed microgrid, uint32 fromSlot);
    event HandOverOffered(uint32 indexed microgrid, address indexed operator, address indexed successor);
    event OperatorChanged(uint32 indexed microgrid, address indexed operator);
    event TieLineProposed(uint32 indexed lower, uint32 indexed higher, uint32 indexed by, TieLine line);
    event TieLineAgreed(uint32 indexed lower, uint32 indexed higher, TieLine line, uint40 effectiveAt);
    /// @notice One side ends the line: it carries nothing from then on.
    event TieLineEnded(uint32 indexed lower, uint32 indexed higher, uint32 indexed by, uint40 effectiveAt);

    /// @notice No microgrid has this number.
    error Microgrids_Unknown(uint32 microgrid);
    /// @notice There are 2^24 - 1 microgrids at most.
    error Microgrids_TooMany();
    /// @notice Only the operator may do this.
    error Microgrids_NotOperator(uint32 microgrid, address caller, address operator);
    /// @notice Only the successor named by the operator may accept.
    error Microgrids_NotSuccessor(uint32 microgrid, address caller, address successor);
    /// @notice A name has 1 to 64 bytes.
    error Microgrids_BadName(uint256 length);
    /// @notice Latitude lies within +-900, longitude within +-1800 tenths of a degree.
    error Microgrids_BadPlace(int16 latitudeTenths, int16 longitudeTenths);
    /// @notice The currency is no contract.
    error Microgrids_BadCurrency(address currency);
    /// @notice A slot lasts 300, 900, 1800 or 3600 seconds.
    error Microgrids_BadSlotLength(uint16 slotSeconds);
    /// @notice A reporting deadline lies between an hour and 30 days.
    error Microgrids_BadDeadline(uint32 reportingDeadline);
    /// @notice A clock is at most 12 hours behind and 14 hours ahead of UTC.
    error Microgrids_BadOffset(int16 utcOffsetMinutes);
    /// @notice A schedule has one to four levels, each hour one of them, a fee of at most the price, and a feed-in tariff of at
    /// most the retail tariff.
    error Microgrids_BadSchedule(uint256 level);
    /// @notice A schedule begins later than the one before it, and at least {NOTICE} ahead.
    error Microgrids_TooEarly(uint32 firstSlot, uint256 earliest);
    /// @notice The microgrid has no schedule of this number.
    error Microgrids_NoSchedule(uint32 microgrid, uint16 schedule);
    /// @notice It is in that state already.
    error Microgrids_NothingChanges(uint32 microgrid);
    /// @notice Only slots that have ended, and whose reporting deadline lies ahead, can be declared islanded.
    error Microgrids_BadDeclaration(uint32 firstSlot, uint32 lastSlot);
    /// @notice The DSO can't be the zero address.
    error Microgrids_BadDso();
    /// @notice A tie line joins two different microgrids, loses less than all, and fits a lane.
    error Microgrids_BadTieLine(uint32 from, uint32 to, uint16 lossBps, uint32 capacity);
    /// @notice Energy crosses a line only between microgrids of the same currency and slot length.
    error Microgrids_TieLineMismatch(uint32 from, uint32 to);
    /// @notice No tie line joins these microgrids.
    error Microgrids_NoTieLine(uint32 from, uint32 to);

    /// @notice Founds a microgrid with the caller as operator. Its first schedule holds from slot 0 on.
    /// @param ration Wh per slot that an ordinary meter may buy of an islanded slot; 2^31 - 1 or more: no ration.
    function found(
        Charter calldata charter,
        uint48 levelOfHour,
        Level[] calldata levels,
        address dso,
        uint32 ration
    ) external returns (uint32 microgrid);

    /// @notice Appends a schedule, in force from `firstSlot` on. Only the operator.
    function schedule(
        uint32 microgrid,
        uint32 firstSlot,
        uint48 levelOfHour,
        Level[] calldata levels
    ) external returns (uint16 index);

    /// @notice Sets the ration of islanded slots from the next slot on. Only the operator.
    function setRation(uint32 microgrid, uint32 ration) external;

    /// @notice Names the account that earns the network fee from now on. Only the operator.
    function setDso(uint32 microgrid, address dso) external;

    /// @notice Declares that an island begins with the current slot, or ends with it. One that begins in the slot with which
    /// another ended begins with the next slot. Only the operator.
    function setIslanded(uint32 microgrid, bool islanded) external;

    /// @notice Declares that past slots were islanded, for an operator who was cut off itself. It binds only orders that name
    /// a lock's settler, and puts the reporting deadline of those slots off to 30 days after each. For good. Only the operator.
    function declareIslanded(uint32 microgrid, uint32 firstSlot, uint32 lastSlot) external;

    /// @notice Stops trades of slots that start later, or opens the microgrid again. Only the operator.
    function setClosed(uint32 microgrid, bool closed) external;

    /// @notice Offers the operator's role to `successor`, who takes it by {acceptHandOver}; zero takes an
    /// earlier offer back. Only the operator.
    function handOver(uint32 microgrid, address successor) external;

    /// @notice Takes the operator's role that was offered to the caller. What the former operator proposed for tie lines is void.
    function acceptHandOver(uint32 microgrid) external;

    /// @notice Proposes terms for the tie line between two microgrids, or agrees to what the other operator proposed,
    /// when the terms are the same. Only the operator of `mine`. A first agreement takes effect at once, a change after
    /// {NOTICE}. Forwards keep the terms under which they were reserved.
    function proposeTieLine(uint32 mine, uint32 other, TieLine calldata line) external;

    /// @notice Ends a tie line after {NOTICE}, without the other side; what was proposed for it is void. An end that is
    /// announced can't be announced again: nobody puts it off. Only the operator of `mine`.
    function endTieLine(uint32 mine, uint32 other) external;

    /// @notice Stands for the middle of feed-in and retail tariff, rounded down, as a level's price.
    function MIDDLE() external view returns (uint80);

    /// @notice Seconds between a change and its effect.
    function NOTICE() external view returns (uint40);

    /// @notice How many microgrids there are; the newest has this number.
    function microgridCount() external view returns (uint32);

    /// @notice All that is known of a microgrid.
    function microgridOf(uint32 microgrid) external view returns (Microgrid memory);

    /// @notice What every trade needs to know of a microgrid.
    function termsOf(uint32 microgrid) external view returns (Terms memory);

    /// @notice The community price of a microgrid that is plain, see {Terms}: its only one.
    function plainPriceOf(uint32 microgrid) external view returns (uint80);

    /// @notice What trades by one schedule of a microgrid go by, over `blocks` blocks from `firstBlock` on.
    /// @param schedule Its number; the first is 0. One that the microgrid has not holds for no slot.
    /// @param declared Whether slots that were declared islanded afterwards count: for orders that name a lock's settler.
    function rulesOf(
        uint32 microgrid,
        uint16 schedule,
        uint32 firstBlock,
        uint256 blocks,
        bool declared
    ) external view returns (Rules memory);

    /// @notice A schedule as a whole.
    function scheduleOf(uint32 microgrid, uint16 schedule) external view returns (Schedule memory);

    /// @notice Wh that an ordinary meter may buy of `slot` if that is islanded.
    function rationOf(uint32 microgrid, uint32 slot) external view returns (uint32);

    /// @notice The Unix time from which a slot without a reading can be called undelivered: the reporting deadline after the
    /// slot's end, or after the end of the island that it lies in, at most 30 days after the slot. 2^40 - 1 as long as the
    /// island lasts and those 30 days have not passed.
    function overdueAt(uint32 microgrid, uint32 slot) external view returns (uint40);

    /// @notice What energy meets on its way now; reverts when no line joins the two.
    function crossingOf(uint32 from, uint32 to) external view returns (Crossing memory);

    /// @notice Who runs a microgrid.
    function operatorOf(uint32 microgrid) external view returns (address);

    /// @notice Who earns a microgrid's network fee.
    function dsoOf(uint32 microgrid) external view returns (address);
}
