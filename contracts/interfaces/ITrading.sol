// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { IEnergyToken } from "./IEnergyToken.sol";
import { IMeters } from "./IMeters.sol";

/// @notice What a taker takes of a signed order.
/// @param microgrid Where the taker trades: the order's microgrid, or one that a tie line joins to it.
/// @param meter The taker's meter there: whose energy is sold into a forward bid, or which load an islanded purchase
/// feeds. Zero where neither matters.
/// @param source The energy's source, one of those the order names.
/// @param firstBlock The block of the first word.
/// @param energy Wh per slot as the seller sends them, one word per block.
/// @param limit Base units: the most a buyer pays for an offer, the least a seller receives for a bid, charges included.
struct Take {
    uint32 microgrid;
    address meter;
    Source source;
    uint32 firstBlock;
    Profile[] energy;
    uint256 limit;
}

/// @title What every kind of trade rests on
/// @notice Who pays what. A trade within a microgrid pays the network fee to its DSO, a trade across a tie line pays the
/// wheeling charge instead, half of it to each DSO; both per kWh sent. An offer's price is what its maker receives per
/// kWh sent: the buyer pays the charge on top. A bid's price is what its maker pays per kWh that arrives: the seller
/// gets it less the line's loss, rounded down to a base unit per kWh, and less the charge.
/// Amounts: the seller receives ceil(price x Wh / 1000), the DSOs floor(charge x Wh / 1000), the buyer pays the sum.
interface ITrading {
    /// @notice Energy went over a tie line: `sent` left one microgrid, what `arrived` reached the other. The transfers of
    /// the same call have it slot by slot.
    event Crossed(
        uint32 indexed from,
        uint32 indexed to,
        uint32 firstBlock,
        Profile[] sent,
        uint256 sentWh,
        uint256 arrivedWh
    );

    /// @notice The microgrid is closed for new trades.
    error Trading_Closed(uint32 microgrid);
    /// @notice An islanded microgrid trades only within itself.
    error Trading_Islanded(uint32 microgrid);
    /// @notice The buyer would pay more per kWh than an islanded microgrid allows.
    error Trading_AboveIslandCap(uint256 price, uint256 priceCap);
    /// @notice An ordinary meter has had its ration of an islanded slot.
    error Trading_RationExceeded(address meter, uint256 slot, uint256 bought, uint256 asked, uint256 ration);
    /// @notice While islanded a buyer names a meter of its own in the microgrid.
    error Trading_BadMeter(address meter, address holder, uint32 microgrid);
    /// @notice The tie line can't carry that much in the slot.
    error Trading_LineFull(uint32 from, uint32 to, uint256 slot, uint256 flow, uint256 added, uint256 capacity);
    /// @notice Nobody trades with oneself.
    error Trading_SelfTrade(address maker);
    /// @notice A trade moves some energy.
    error Trading_NothingTaken();
    /// @notice It would cost the buyer more, or bring the seller less, than the taker's limit.
    error Trading_LimitMissed(uint256 amount, uint256 limit);
    /// @notice Charges exceed what the bid pays per kWh.
    error Trading_ChargeExceedsPrice(uint256 charge, uint256 price);

    /// @notice The communities and their meters.
    function METERS() external view returns (IMeters);

    /// @notice The energy.
    function ENERGY() external view returns (IEnergyToken);

    /// @notice What has been sent over a tie line in a block, in one direction.
    function flowOf(uint32 from, uint32 to, uint32 blockNumber) external view returns (Profile);

    /// @notice What an ordinary meter has bought directly in a block while islanded.
    function rationedOf(address meter, uint32 blockNumber) external view returns (Profile);
}
