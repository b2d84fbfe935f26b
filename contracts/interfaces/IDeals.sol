// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { IEnergyToken } from "./IEnergyToken.sol";
import { IMeters } from "./IMeters.sol";
import { IMicrogrids } from "./IMicrogrids.sol";

/// @notice What a taker wants of a posted price.
/// @param microgrid Where the taker trades: the order's microgrid, or one that a tie line joins to it.
/// @param meter The taker's meter there: whose energy is sold into a forward bid, or which load a purchase feeds in islanded
/// slots. Zero where neither matters.
/// @param source The energy's source, one of those the order names.
/// @param schedule The schedule of the order's microgrid that its slots go by.
/// @param takerSchedule The schedule of the taker's microgrid, when that is another one.
/// @param firstBlock The block of the first word.
/// @param energy Wh per slot as the seller sends them, one word per block, at most 256. It is cut to what can trade.
/// @param leastWh Wh sent in all below which the taker wants nothing.
/// @param limit Base units per kWh, all in: the most a buyer pays for what arrives, the least a seller gets for what is sent.
/// @param mostAhead A buyer of a forward: Wh of a slot that the meter may have promised before this.
struct Take {
    uint32 microgrid;
    address meter;
    Source source;
    uint16 schedule;
    uint16 takerSchedule;
    uint32 firstBlock;
    Profile[] energy;
    uint32 leastWh;
    uint256 limit;
    uint32 mostAhead;
}

/// @title What every trade goes by
/// @notice Who pays what, and what is cut to what. See docs/decisions/second-edition-contracts.md for the table of prices.
/// A trade within a microgrid pays the network fee to its DSO, a trade across a tie line the wheeling charge, half of it to each
/// DSO; both per kWh sent. All amounts are exact, in thousandths of a base unit.
interface IDeals {
    /// @notice Energy went over a tie line. The transfers of the same call have what was minted, slot by slot.
    event Crossed(uint32 indexed from, uint32 indexed to, uint32 firstBlock, Profile[] sent, Profile[] arrived);

    /// @notice Of what was asked nothing, or less than the least, can trade; `reason` is the selector of the error that cut the
    /// rest away.
    error Deals_NothingLeft(uint256 left, uint256 least, bytes4 reason);
    /// @notice Nobody trades with oneself.
    error Deals_SelfTrade(address maker);
    /// @notice A profile has at most 256 blocks.
    error Deals_TooLong(uint256 blocks);
    /// @notice It would cost the buyer more, or bring the seller less, than the taker's limit per kWh. In thousandths.
    error Deals_LimitMissed(uint256 amount, uint256 limit);
    /// @notice A reason to cut: the order, or the schedule named, does not reach these slots.
    error Deals_OutsideSlots();
    /// @notice A reason to cut: the slots have started (of a forward), or start seven days ahead or later (of a limit).
    error Deals_OutOfTime();
    /// @notice A reason to cut: the microgrid is closed for these slots.
    error Deals_Closed();
    /// @notice A reason to cut: energy of islanded slots stays at home, or the order does not cross lines.
    error Deals_Islanded();
    /// @notice A reason to cut: the prices of the two sides don't meet, or exceed the island's cap.
    error Deals_PricesDontMeet();
    /// @notice A reason to cut: the tie line is full, or nothing would arrive.
    error Deals_LineFull();
    /// @notice A reason to cut: the buyer names no meter of its own there, or an ordinary meter has had its ration.
    error Deals_Rationed();
    /// @notice A reason to skip: the seller has not that much energy.
    error Deals_NotCovered();
    /// @notice A reason to skip: bond of the offer below what the bid demands.
    error Deals_BondTooSmall();

    /// @notice The communities.
    function MICROGRIDS() external view returns (IMicrogrids);

    /// @notice Their meters.
    function METERS() external view returns (IMeters);

    /// @notice The energy.
    function ENERGY() external view returns (IEnergyToken);

    /// @notice What has been sent over a tie line in a block, in one direction.
    function flowOf(uint32 from, uint32 to, uint32 blockNumber) external view returns (Profile);

    /// @notice What an ordinary meter has bought of the islanded slots of a block.
    function rationedOf(address meter, uint32 blockNumber) external view returns (Profile);
}
