// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice How a microgrid stands to the world.
/// Connected: trades freely. Islanded: cut off from the grid, trades only within itself under island rules.
/// Closed: no new trade; withdrawals and releases go on.
enum Mode {
    Connected,
    Islanded,
    Closed
}

/// @notice What a community decides once, when it is founded.
/// @param name 1 to 64 bytes of UTF-8.
/// @param latitudeTenths Tenths of a degree, north positive: coarse on purpose, yet enough to check what the
/// sun can have done there.
/// @param longitudeTenths Tenths of a degree, east positive.
/// @param currency The ERC-20 token that all prices and money of the microgrid are in.
/// @param slotSeconds Length of a delivery slot: 300, 900, 1800 or 3600.
/// @param reportingDeadline Seconds after a slot's end by which its reading must have arrived for forwards.
struct Charter {
    string name;
    int16 latitudeTenths;
    int16 longitudeTenths;
    address currency;
    uint16 slotSeconds;
    uint32 reportingDeadline;
}

/// @notice What the operator may change, all in base units of the currency per kWh.
/// @param feedIn What the grid pays a prosumer.
/// @param retail What the grid charges a consumer.
/// @param networkFee What a trade pays to the DSO.
/// @param islandPriceCap The highest price that a buyer pays while islanded.
/// @param islandRation Wh per slot that an ordinary meter may buy directly while islanded.
struct Tariffs {
    uint96 feedIn;
    uint96 retail;
    uint72 networkFee;
    uint96 islandPriceCap;
    uint32 islandRation;
}

/// @notice All that every trade needs to know of a microgrid, in one storage word.
struct Terms {
    address currency;
    uint72 networkFee;
    uint16 slotSeconds;
    Mode mode;
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

/// @notice A microgrid as a whole.
struct Microgrid {
    address operator;
    address pendingOperator;
    address dso;
    Mode mode;
    Charter charter;
    Tariffs tariffs;
}

/// @title Communities that trade energy among themselves
/// @notice Anyone founds a microgrid and becomes its operator. An operator decides tariffs, mode and who is
/// metered, never over anyone's money or energy: currency, slot length and reporting deadline are fixed at
/// founding, because signed orders and open positions rest on them.
interface IMicrogrids {
    event Founded(uint32 indexed microgrid, address indexed operator, address dso, Charter charter, Tariffs tariffs);
    event TariffsSet(uint32 indexed microgrid, Tariffs tariffs);
    event DsoSet(uint32 indexed microgrid, address indexed dso);
    event ModeSet(uint32 indexed microgrid, Mode mode);
    event HandOverOffered(uint32 indexed microgrid, address indexed operator, address indexed successor);
    event OperatorChanged(uint32 indexed microgrid, address indexed operator);
    event TieLineProposed(uint32 indexed lower, uint32 indexed higher, uint32 indexed by, TieLine line);
    event TieLineAgreed(uint32 indexed lower, uint32 indexed higher, TieLine line, uint40 effectiveAt);

    /// @notice No microgrid has this number.
    error Microgrids_Unknown(uint32 microgrid);
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
    /// @notice The feed-in tariff exceeds the retail tariff.
    error Microgrids_BadTariffs(uint96 feedIn, uint96 retail);
    /// @notice The DSO can't be the zero address.
    error Microgrids_BadDso();
    /// @notice A tie line joins two different microgrids, loses less than all, and fits a lane.
    error Microgrids_BadTieLine(uint32 from, uint32 to, uint16 lossBps, uint32 capacity);
    /// @notice Energy crosses a line only between microgrids of the same currency and slot length.
    error Microgrids_TieLineMismatch(uint32 from, uint32 to);
    /// @notice No tie line joins these microgrids.
    error Microgrids_NoTieLine(uint32 from, uint32 to);

    /// @notice Founds a microgrid with the caller as operator; it starts Connected.
    /// @param charter What stays.
    /// @param tariffs What the operator may change later.
    /// @param dso The account that earns the network fee.
    /// @return microgrid Its number, counted from 1.
    function found(Charter calldata charter, Tariffs calldata tariffs, address dso) external returns (uint32 microgrid);

    /// @notice Sets all tariffs at once. Only the operator.
    /// @dev Signed orders stay safe: an offer's price is what its maker receives, a bid's what its maker pays,
    /// and a taker names a limit.
    function setTariffs(uint32 microgrid, Tariffs calldata tariffs) external;

    /// @notice Names the account that earns the network fee from now on. Only the operator.
    function setDso(uint32 microgrid, address dso) external;

    /// @notice Declares the mode. Only the operator.
    function setMode(uint32 microgrid, Mode mode) external;

    /// @notice Offers the operator's role to `successor`, who takes it by {acceptHandOver}; zero takes an
    /// earlier offer back. Only the operator.
    function handOver(uint32 microgrid, address successor) external;

    /// @notice Takes the operator's role that was offered to the caller.
    function acceptHandOver(uint32 microgrid) external;

    /// @notice Proposes terms for the tie line between two microgrids, or agrees to what the other operator proposed,
    /// when the terms are the same. Only the operator of `mine`.
    /// @dev A first agreement takes effect at once, a change after {NOTICE}. Forwards keep the terms under which they
    /// were reserved.
    function proposeTieLine(uint32 mine, uint32 other, TieLine calldata line) external;

    /// @notice Seconds between an agreed change of a tie line and its effect.
    function NOTICE() external view returns (uint40);

    /// @notice What energy meets on its way now; reverts when no line joins the two.
    function crossingOf(uint32 from, uint32 to) external view returns (Crossing memory);

    /// @notice How many microgrids there are; the newest has this number.
    function microgridCount() external view returns (uint32);

    /// @notice All that is known of a microgrid.
    function microgridOf(uint32 microgrid) external view returns (Microgrid memory);

    /// @notice What every trade needs to know of a microgrid.
    function termsOf(uint32 microgrid) external view returns (Terms memory);

    /// @notice The highest price that a buyer pays while islanded, and what an ordinary meter may then buy directly in
    /// a slot, in Wh.
    function islandRulesOf(uint32 microgrid) external view returns (uint96 priceCap, uint32 ration);

    /// @notice What the grid pays a prosumer.
    function feedInOf(uint32 microgrid) external view returns (uint96);

    /// @notice Who runs a microgrid.
    function operatorOf(uint32 microgrid) external view returns (address);

    /// @notice Who earns a microgrid's network fee.
    function dsoOf(uint32 microgrid) external view returns (address);
}
