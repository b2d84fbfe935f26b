// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { IEnergyToken } from "./IEnergyToken.sol";
import { IMicrogrids } from "./IMicrogrids.sol";

/// @notice A meter. It is known by an address derived from its device key: an Ethereum address for a secp256k1 key, the
/// last 20 bytes of keccak256("P256" || x || y) for a P-256 key.
/// @param owner Who its energy is minted to, and who may sign orders for it.
/// @param microgrid Where it is connected.
/// @param capacityW The most it can export, in W; 0 for a pure consumer.
/// @param firstSlot The first slot that it reports: the one after its registration.
/// @param source What its exported energy is made from.
/// @param critical Whether it feeds a critical load, which is not rationed while islanded.
/// @param active False once retired.
/// @param pendingOwner Who has been offered the meter; while there is one it promises nothing.
/// @param movingTo The microgrid that may register it next, see {IMeters-moveMeter}; while there is one it promises nothing.
/// @param promisedEnd The first slot after all that it has promised to forwards.
/// @param retiredSlot The slot in which it was retired: it reports none that started later.
/// @param offers How often its owners have offered it to others: the number of the latest offer.
struct Meter {
    address owner;
    uint32 microgrid;
    uint32 capacityW;
    uint32 firstSlot;
    Source source;
    bool critical;
    bool active;
    address pendingOwner;
    uint32 movingTo;
    uint32 promisedEnd;
    uint32 retiredSlot;
    uint32 offers;
}

/// @notice What a meter exported over a run of blocks, as its device signs it.
/// @param meter The meter's address.
/// @param firstBlock The block of the first word.
/// @param exported One word per block: 31 bits of Wh per lane under a guard bit that says that the slot is
/// covered, so that nothing exported can be reported too. A lane that is not covered is zero.
struct Reading {
    address meter;
    uint32 firstBlock;
    uint256[] exported;
}

/// @notice A meter as its operator registers it, and as its device consents to.
/// @param microgrid Where it is connected.
/// @param owner The household it belongs to.
/// @param meter The meter's address.
/// @param source What its exported energy is made from.
/// @param capacityW The most it can export, in W; 0 for a pure consumer.
/// @param critical Whether it feeds a critical load. Not part of the consent: it is the operator's word.
struct Registration {
    uint32 microgrid;
    address owner;
    address meter;
    Source source;
    uint32 capacityW;
    bool critical;
}

/// @title Meters and their readings
/// @notice Operators register meters; device keys sign readings; anyone submits them; what was exported is
/// minted to the meter's owner, but for what is promised to forwards, which is kept for them, however late the reading
/// comes. Only export goes on chain: what a home consumes stays at home.
/// @dev Signatures by a device are 64 or 65 bytes for a secp256k1 key, and 128 bytes (r, s, x, y) for a P-256 key, which is
/// verified by the precompile of EIP-7951 (s at most n / 2). A chain without it refuses such meters at registration with
/// OpenZeppelin's {Errors-MissingPrecompile}.
interface IMeters {
    event MeterRegistered(
        address indexed meter,
        uint32 indexed microgrid,
        address indexed owner,
        Source source,
        uint32 capacityW,
        bool critical,
        uint32 firstSlot
    );
    event MeterOffered(address indexed meter, address indexed owner, address indexed to, uint32 offer);
    event MeterHandedOver(address indexed meter, address indexed from, address indexed to);
    /// @notice The owner lets `microgrid` register the meter; 0 takes that back.
    event MeterMoving(address indexed meter, uint32 indexed microgrid);
    event MeterRetired(address indexed meter, uint32 retiredSlot);
    event CriticalSet(address indexed meter, bool critical);
    /// @notice A reading was accepted: `exported` as in {Reading}.
    event Reported(address indexed meter, uint32 firstBlock, uint256[] exported);
    /// @notice Of a reading, what was kept for forwards in one block.
    event Delivered(address indexed meter, uint32 indexed blockNumber, Profile kept);

    /// @notice No meter is registered under this device key.
    error Meters_Unknown(address meter);
    /// @notice The meter is registered; its owner must let it move first.
    error Meters_AlreadyRegistered(address meter);
    /// @notice Only the operator of the microgrid may do this.
    error Meters_NotOperator(uint32 microgrid, address caller, address operator);
    /// @notice Only the marketplace commits a meter's future energy.
    error Meters_NotMarket(address caller);
    /// @notice The meter delivers elsewhere, or something else.
    error Meters_NotSuch(address meter, uint32 microgrid, Source source);
    /// @notice The meter is on offer to a new owner, or about to move: it promises nothing.
    error Meters_Leaving(address meter);
    /// @notice The slot has started: it can't be sold forward any more.
    error Meters_SlotStarted(address meter, uint256 slot);
    /// @notice With this the meter would have promised more than it can export in the slot.
    error Meters_OverCommitted(address meter, uint256 slot, uint256 committed, uint256 added, uint256 most);
    /// @notice More is promised of the slot already than the buyer accepts ahead of its own.
    error Meters_TooFarBehind(address meter, uint256 slot, uint256 ahead, uint256 mostAhead);
    /// @notice Only the meter's owner may do this.
    error Meters_NotOwner(address meter, address caller, address owner);
    /// @notice The meter was not offered to the caller.
    error Meters_NotOffered(address meter, address caller, address pendingOwner);
    /// @notice The meter has been offered anew, and may have promised more in between.
    error Meters_OtherOffer(address meter, uint32 offer, uint32 latest);
    /// @notice Buyers may still wait for energy that the meter has promised.
    error Meters_Promised(address meter, uint32 promisedEnd);
    /// @notice An owner can't be the zero address.
    error Meters_BadOwner();
    /// @notice The device key signed something else, or another key signed this.
    error Meters_BadSignature(address meter, address signer);
    /// @notice The meter is retired.
    error Meters_Inactive(address meter);
    /// @notice A reading covers at least one slot.
    error Meters_NothingReported(address meter);
    /// @notice The meter can't export that much in one slot of this microgrid without leaving a lane.
    error Meters_BadCapacity(uint32 capacityW);
    /// @notice A lane holds energy for a slot that the reading does not cover.
    error Meters_NotCovered(address meter, uint256 slot);
    /// @notice The slot has not ended yet, or started after the meter was retired.
    error Meters_SlotNotEnded(address meter, uint256 slot);
    /// @notice The slot started before the meter was registered.
    error Meters_BeforeRegistration(address meter, uint256 slot);
    /// @notice The slot was reported before.
    error Meters_AlreadyReported(address meter, uint256 slot);
    /// @notice The energy of a slot exceeds capacity x slot length, rounded up to a Wh.
    error Meters_OverCapacity(address meter, uint256 slot, uint256 energy, uint256 most);

    /// @notice Registers a meter, or one whose owner lets it move here. Only the operator of the microgrid.
    /// @param consent The device key's EIP-712 signature over
    /// `Registration(uint32 microgrid,address owner,address meter,uint8 source,uint32 capacityW)`.
    function register(Registration calldata registration, bytes calldata consent) external;

    /// @notice Offers a meter to `to`, as when a home is sold; zero takes an earlier offer back. From now on it promises
    /// nothing. Only the owner.
    function handOverMeter(address meter, address to) external;

    /// @notice Takes a meter that was offered to the caller: later readings are minted there. It is no critical load until the
    /// operator says so.
    /// @param offer The number of the offer, see {Meter}: while it is the latest, the meter has promised no more than the caller
    /// has seen.
    function acceptMeter(address meter, uint32 offer) external;

    /// @notice Lets the operator of a microgrid register the meter there, for the same owner, once the last slot that it has
    /// promised could be called undelivered; from now on it promises nothing. A retired meter moves, too. Slots before the
    /// move that are not reported by then are lost. Zero takes it back. Only the owner.
    function moveMeter(address meter, uint32 microgrid) external;

    /// @notice Says whether a meter feeds a critical load. Only the operator of its microgrid.
    function setCritical(address meter, bool critical) external;

    /// @notice Takes a meter out of service: it still reports slots that have started, and promises nothing more. It comes
    /// back only by a move. Only its owner or the operator of its microgrid.
    function retireMeter(address meter) external;

    /// @notice Accepts a reading and mints what was exported, less what is kept for forwards, to the meter's owner. Anyone may
    /// submit it.
    /// @param signature By the device key, over the EIP-712 type
    /// `Reading(address meter,uint32 firstBlock,uint256[] exported)`.
    function report(Reading calldata reading, bytes calldata signature) external;

    /// @notice Promises future energy of a meter. Only the marketplace, which has the seller's word for it.
    /// @param mostAhead Wh per slot that may be promised before this.
    /// @return ahead Wh per slot that were promised before this, one word per block, zero in lanes without energy.
    function commit(
        address meter,
        address seller,
        uint32 microgrid,
        Source source,
        uint32 firstBlock,
        Profile[] calldata energy,
        uint32 mostAhead
    ) external returns (Profile[] memory ahead);

    /// @notice All that is known of a meter; a zero owner says that it is unknown.
    function meterOf(address meter) external view returns (Meter memory);

    /// @notice What a meter has promised of a block, what of it was delivered, and the guard bits of the lanes reported.
    function deliveryOf(
        address meter,
        uint32 blockNumber
    ) external view returns (Profile committed, Profile delivered, uint256 reported);

    /// @notice Whether a slot was reported.
    function isReported(address meter, uint32 slot) external view returns (bool);

    /// @notice What the device signs for a reading.
    function hashReading(Reading calldata reading) external view returns (bytes32);

    /// @notice What the device signs for its registration.
    function hashRegistration(Registration calldata registration) external view returns (bytes32);

    /// @notice The address of a P-256 device key.
    function addressOfP256(bytes32 x, bytes32 y) external pure returns (address);

    /// @notice The communities.
    function MICROGRIDS() external view returns (IMicrogrids);

    /// @notice The energy that readings mint.
    function ENERGY() external view returns (IEnergyToken);
}
