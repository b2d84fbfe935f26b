// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { Order } from "./IOrders.sol";
import { Take } from "./ITrading.sol";

/// @notice The terms of a forward. All that is reserved under the same terms in the same block is one position.
/// @param seller Who promised, and is paid.
/// @param buyer Who is delivered to, and has paid into escrow.
/// @param meter The seller's meter.
/// @param source What it makes energy from.
/// @param from The microgrid it delivers in.
/// @param to The buyer's microgrid.
/// @param currency What it is paid in.
/// @param price Base units per kWh sent that the seller receives.
/// @param charge Base units per kWh sent that the DSOs receive.
/// @param bond Base units per kWh sent that the seller forfeits on shortfall.
/// @param lossBps Lost on the way to another microgrid, in hundredths of a percent.
struct Position {
    address seller;
    address buyer;
    address meter;
    Source source;
    uint32 from;
    uint32 to;
    address currency;
    uint96 price;
    uint96 charge;
    uint96 bond;
    uint16 lossBps;
}

/// @notice One block of a position, to be released.
struct Release {
    Position position;
    uint32 blockNumber;
}

/// @title Trading energy that is still to come
/// @notice Payment and bond are locked when energy is reserved. When the meter has reported, or its deadline has passed,
/// anyone may release: each position gets the share min(1, delivered / committed) of every slot, rounded down to a
/// Wh; the buyer gets that energy and, for the shortfall, the money back and the bond. The few Wh that rounding
/// leaves of a slot go to the meter's owner when its last position is released.
interface IForwards {
    /// @notice Future energy was sold.
    /// @param orderHash What the maker signed.
    /// @param positionId The hash of the terms.
    /// @param nonce The order's nonce.
    /// @param filled Wh that the order is filled by.
    /// @param locked Base units that left the buyer's account.
    /// @param bonded Base units that left the seller's account.
    event Reserved(
        bytes32 indexed orderHash,
        bytes32 indexed positionId,
        address indexed maker,
        uint64 nonce,
        uint256 filled,
        uint256 locked,
        uint256 bonded,
        Position position,
        uint32 firstBlock,
        Profile[] energy
    );

    /// @notice A block of a position is settled; the energy is in the token's transfers of the same call.
    /// @param delivered Wh sent per slot, before loss.
    /// @param paid Base units to the seller for it.
    /// @param charge Base units to the DSOs.
    /// @param refund Base units back to the buyer.
    /// @param forfeited Base units of the bond to the buyer; the rest went back to the seller.
    event Released(
        bytes32 indexed positionId,
        uint32 indexed blockNumber,
        Profile delivered,
        uint256 paid,
        uint256 charge,
        uint256 refund,
        uint256 forfeited
    );

    /// @notice Delivered energy is lost, because its holder has 2^31 - 1 Wh of a slot already.
    event Unmintable(address indexed holder, uint256 indexed line, uint32 blockNumber, Profile energy);

    /// @notice Delivered energy could not be minted, most likely for lack of gas.
    error Forwards_MintFailed(address holder);
    /// @notice The order is for energy that is already minted.
    error Forwards_IsSpot(address maker, uint64 nonce);
    /// @notice Nothing is reserved under these terms in this block, or it is released already.
    error Forwards_NothingReserved(bytes32 positionId, uint32 blockNumber);
    /// @notice A slot is neither reported nor past its deadline.
    error Forwards_NotResolved(address meter, uint32 blockNumber, uint256 waiting);
    /// @notice Nothing to release.
    error Forwards_NothingReleased();

    /// @notice Takes a run of slots of a signed forward offer (the caller buys) or forward bid (the caller sells from
    /// `take.meter`). None may have started. For amounts see {ITrading}; the bond is per kWh sent as the order says.
    function reserve(Order calldata order, bytes calldata signature, Take calldata take) external;

    /// @notice Settles blocks of positions. Anyone may, in any order, as soon as each slot with energy is reported or past
    /// its reporting deadline.
    function release(Release[] calldata releases) external;

    /// @notice Wh per slot that are reserved and not yet released.
    function reservedOf(bytes32 positionId, uint32 blockNumber) external view returns (Profile);

    /// @notice The id of a position with these terms.
    function positionId(Position calldata position) external pure returns (bytes32);
}
