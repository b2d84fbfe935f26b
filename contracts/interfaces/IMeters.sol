// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Source } from "../libraries/EnergyId.sol";
import { IEnergyToken } from "./IEnergyToken.sol";
import { Profile } from "../libraries/Profile.sol";
import { IMicrogrids } from "./IMicrogrids.sol";

/// @notice A meter, in one storage word. It is known by the address of its device key.
/// @param owner Who its energy is minted to, and who may sign orders for it.
/// @param microgrid Where it is connected.
/// @param capacityW The most it can export, in W; 0 for a pure consumer.
/// @param sinceDay Days from the Unix epoch to the day of its registration: it reports nothing earlier.
/// @param source What its exported energy is made from.
/// @param critical Whether it feeds a critical load, which comes first while islanded.
/// @param active False once retired, for good.
struct Meter {
    address owner;
    uint24 microgrid;
    uint32 capacityW;
    uint16 sinceDay;
    Source source;
    bool critical;
    bool active;
}

/// @notice What a meter exported over a run of blocks, as its device signs it.
/// @param meter The address of the device key.
/// @param firstBlock The block of the first word.
/// @param exported One word per block: 31 bits of Wh per lane under a guard bit that says that the slot is
/// covered, so that nothing exported can be reported too. A lane that is not covered is zero.
struct Reading {
    address meter;
    uint32 firstBlock;
    uint256[] exported;
}

/// @title Meters and their readings
/// @notice Operators register meters; device keys sign readings; anyone submits them; what was exported is
/// minted to the meter's owner. Only export goes on chain: what a home consumes stays at home.
interface IMeters is IMicrogrids {
    event MeterRegistered(
        address indexed meter,
        uint32 indexed microgrid,
        address indexed owner,
        Source source,
        uint32 capacityW,
        bool critical
    );
    event MeterHandedOver(address indexed meter, address indexed from, address indexed to);
    event MeterRetired(address indexed meter);
    /// @notice A reading was accepted: `exported` as in {Reading}.
    event Reported(address indexed meter, uint32 firstBlock, uint256[] exported);

    /// @notice No meter is registered under this device key.
    error Meters_Unknown(address meter);
    /// @notice A device key is registered once, and stays known after it is retired.
    error Meters_AlreadyRegistered(address meter);
    /// @notice Only the marketplace commits a meter's future energy.
    error Meters_NotMarket(address caller);
    /// @notice The meter delivers elsewhere, or something else.
    error Meters_NotSuch(address meter, uint32 microgrid, Source source);
    /// @notice The slot has started: it can't be sold forward any more.
    error Meters_SlotStarted(address meter, uint256 slot);
    /// @notice With this the meter would have promised more than it can export in the slot.
    error Meters_OverCommitted(address meter, uint256 slot, uint256 committed, uint256 added, uint256 most);
    /// @notice Only the meter's owner may do this.
    error Meters_NotOwner(address meter, address caller, address owner);
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
    /// @notice The slot has not ended yet.
    error Meters_SlotNotEnded(address meter, uint256 slot);
    /// @notice The slot lies before the day of the meter's registration.
    error Meters_BeforeRegistration(address meter, uint256 slot);
    /// @notice The slot was reported before.
    error Meters_AlreadyReported(address meter, uint256 slot);
    /// @notice The energy of a slot exceeds capacity x slot length.
    error Meters_OverCapacity(address meter, uint256 slot, uint256 energy, uint256 most);

    /// @notice Registers a meter. Only the operator of `microgrid`.
    /// @param microgrid Where it is connected.
    /// @param owner The household it belongs to.
    /// @param meter The address of its device key.
    /// @param source What its exported energy is made from.
    /// @param capacityW The most it can export, in W; 0 for a pure consumer.
    /// @param critical Whether it feeds a critical load.
    /// @param consent The device key's EIP-712 signature over `Registration(uint32 microgrid,address owner)`:
    /// nobody registers a device that isn't theirs.
    function register(
        uint32 microgrid,
        address owner,
        address meter,
        Source source,
        uint32 capacityW,
        bool critical,
        bytes calldata consent
    ) external;

    /// @notice Gives a meter to `to`, as when a home is sold: later readings are minted there. Only the owner.
    /// @dev Forward offers that the former owner signed for it are void from then on.
    function handOverMeter(address meter, address to) external;

    /// @notice Takes a meter out of service for good. Only its owner or the operator of its microgrid.
    function retireMeter(address meter) external;

    /// @notice Accepts a reading and mints what was exported to the meter's owner. Anyone may submit it.
    /// @dev What forwards have been promised is kept for them when the reading arrives by the reporting deadline of the
    /// slot; a later one mints all of it to the owner, and the forwards count as not delivered.
    /// @param reading What the device measured.
    /// @param signature Its EIP-712 signature by the device key, 64 or 65 bytes.
    function report(Reading calldata reading, bytes calldata signature) external;

    /// @notice All that is known of a meter; a zero owner says that it is unknown.
    function meterOf(address meter) external view returns (Meter memory);

    /// @notice Promises future energy of a meter. Only the marketplace, which has the seller's word for it.
    /// @param meter An active meter of `seller` in `microgrid` that makes energy from `source`.
    /// @param firstBlock The block of the first word.
    /// @param energy Wh per slot, one word per block; all in slots that have not started.
    function commit(
        address meter,
        address seller,
        uint32 microgrid,
        Source source,
        uint32 firstBlock,
        Profile[] calldata energy
    ) external;

    /// @notice How a block of a meter stands to its commitments.
    /// @return committed Wh per slot that are promised to forwards.
    /// @return delivered Wh per slot of it that were reported in time.
    /// @return resolved The guard bits of the lanes that are reported or past the reporting deadline: what they
    /// delivered will not change any more.
    function deliveryOf(
        address meter,
        uint32 blockNumber
    ) external view returns (Profile committed, Profile delivered, uint256 resolved);

    /// @notice Whether a slot of a meter is reported.
    function isReported(address meter, uint32 slot) external view returns (bool);

    /// @notice What the device signs for `reading`.
    function hashReading(Reading calldata reading) external view returns (bytes32);

    /// @notice What the device signs for its registration.
    function hashRegistration(uint32 microgrid, address owner) external view returns (bytes32);

    /// @notice The token that readings are minted in.
    function ENERGY() external view returns (IEnergyToken);
}
