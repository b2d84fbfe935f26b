// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";
import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { EnergyTokenFactory } from "./deployment/EnergyTokenFactory.sol";
import { IEnergyToken } from "./interfaces/IEnergyToken.sol";
import { IMeters, Meter, Reading } from "./interfaces/IMeters.sol";
import { EnergyId, Source } from "./libraries/EnergyId.sol";
import { Profile, ProfileLib } from "./libraries/Profile.sol";
import { Signatures } from "./libraries/Signatures.sol";
import { Microgrids } from "./Microgrids.sol";

/// @notice Meters and their readings. See {IMeters}.
/// @dev Meters and microgrids are one contract because a trade always asks for both: one call instead of two.
contract Meters is Microgrids, EIP712, Multicall, IMeters {
    // =================================================================================================
    // Storage
    // =================================================================================================

    bytes32 private constant READING_TYPEHASH = keccak256(
        "Reading(address meter,uint32 firstBlock,uint256[] exported)"
    );
    bytes32 private constant REGISTRATION_TYPEHASH = keccak256("Registration(uint32 microgrid,address owner)");

    /// @inheritdoc IMeters
    IEnergyToken public immutable override ENERGY;

    /// @dev {Meter} in one word, with room for the last day (from the Unix epoch) of which it has promised energy to
    /// forwards, zero when it never has: who sells none pays nothing for them when it reports.
    struct MeterRecord {
        address owner;
        uint24 microgrid;
        uint32 capacityW;
        uint16 sinceDay;
        uint16 promisedDay;
        // the source in the low bits
        uint8 traits;
    }

    uint8 private constant CRITICAL = 1 << 6;
    uint8 private constant ACTIVE = 1 << 7;

    mapping(address meter => MeterRecord) private _meters;
    /// @dev One bit per slot.
    mapping(address meter => mapping(uint256 slotDiv256 => uint256)) private _reported;

    /// @dev What a block owes to forwards, and what of it was exported.
    struct Delivery {
        Profile committed;
        Profile delivered;
    }

    address private immutable MARKET;
    mapping(address meter => mapping(uint256 blockNumber => Delivery)) private _deliveries;

    /// @dev The token is born here, so that neither contract ever has anyone who could set the other.
    /// @param market The only contract that may move energy under signed orders.
    /// @param tokens Brings the energy token into the world.
    constructor(address market, EnergyTokenFactory tokens) EIP712("Wattline Meters", "1") {
        MARKET = market;
        ENERGY = tokens.create(market);
    }

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IMeters
    function register(
        uint32 microgrid,
        address owner,
        address meter,
        Source source,
        uint32 capacityW,
        bool critical,
        bytes calldata consent
    ) external override {
        // Check
        address operator = operatorOf(microgrid);
        if (msg.sender != operator) revert Microgrids_NotOperator(microgrid, msg.sender, operator);
        if (owner == address(0)) revert Meters_BadOwner();
        if (_meters[meter].owner != address(0)) revert Meters_AlreadyRegistered(meter);
        if (_slotCapacity(capacityW, _termsOf(microgrid).slotSeconds) > ProfileLib.LANE_MAX) {
            revert Meters_BadCapacity(capacityW);
        }
        _checkSigner(meter, hashRegistration(microgrid, owner), consent);

        // Effect
        _meters[meter] = MeterRecord({
            owner: owner,
            // 2^24 foundings would cost more than all blocks of a decade hold.
            microgrid: uint24(microgrid),
            capacityW: capacityW,
            sinceDay: uint16(block.timestamp / 1 days),
            promisedDay: 0,
            traits: uint8(source) | ACTIVE | (critical ? CRITICAL : 0)
        });
        emit MeterRegistered(meter, microgrid, owner, source, capacityW, critical);
    }

    /// @inheritdoc IMeters
    function handOverMeter(address meter, address to) external override {
        address owner = _knownMeter(meter).owner;
        if (msg.sender != owner) revert Meters_NotOwner(meter, msg.sender, owner);
        if (to == address(0)) revert Meters_BadOwner();
        _meters[meter].owner = to;
        emit MeterHandedOver(meter, owner, to);
    }

    /// @inheritdoc IMeters
    function retireMeter(address meter) external override {
        MeterRecord storage record = _knownMeter(meter);
        if (!_isActive(record.traits)) revert Meters_Inactive(meter);
        if (msg.sender != record.owner && msg.sender != operatorOf(record.microgrid)) {
            revert Meters_NotOwner(meter, msg.sender, record.owner);
        }
        record.traits &= ~ACTIVE;
        emit MeterRetired(meter);
    }

    /// @inheritdoc IMeters
    function report(Reading calldata reading, bytes calldata signature) external override {
        // Check
        MeterRecord memory meter = _knownMeter(reading.meter);
        if (!_isActive(meter.traits)) revert Meters_Inactive(reading.meter);
        _checkSigner(reading.meter, hashReading(reading), signature);

        // Check and effect, block by block
        uint256 slotSeconds = _termsOf(meter.microgrid).slotSeconds;
        uint256 firstBlock = reading.firstBlock;
        uint256 endPromised = ((uint256(meter.promisedDay) + 1) * 1 days) / slotSeconds;
        bool promised = firstBlock * ProfileLib.LANES < endPromised;
        Window memory window = Window({
            firstSlot: (uint256(meter.sinceDay) * 1 days) / slotSeconds,
            endSlot: block.timestamp / slotSeconds,
            endPromised: endPromised,
            firstInTime: promised ? _firstSlotInTime(meter.microgrid, slotSeconds) : 0,
            most: _slotCapacity(meter.capacityW, slotSeconds)
        });
        (Profile[] memory exported, bool any) = _cover(reading.meter, firstBlock, reading.exported, window);
        emit Reported(reading.meter, reading.firstBlock, reading.exported);

        // Interaction, with our own token only
        if (any) {
            uint256 line = EnergyId.lineOf(meter.microgrid, _sourceOf(meter.traits));
            ENERGY.mint(meter.owner, line, firstBlock, exported);
        }
    }

    /// @inheritdoc IMeters
    function commit(
        address meter,
        address seller,
        uint32 microgrid,
        Source source,
        uint32 firstBlock,
        Profile[] calldata energy
    ) external override {
        // Check
        if (msg.sender != MARKET) revert Meters_NotMarket(msg.sender);
        MeterRecord memory record = _knownMeter(meter);
        if (record.owner != seller) revert Meters_NotOwner(meter, seller, record.owner);
        if (!_isActive(record.traits)) revert Meters_Inactive(meter);
        if (record.microgrid != microgrid || _sourceOf(record.traits) != source) {
            revert Meters_NotSuch(meter, microgrid, source);
        }

        // Check and effect, block by block
        uint256 slotSeconds = _termsOf(microgrid).slotSeconds;
        uint256 started = block.timestamp / slotSeconds;
        uint256 most = _slotCapacity(record.capacityW, slotSeconds);
        for (uint256 i = 0; i < energy.length; ++i) {
            uint256 blockNumber = uint256(firstBlock) + i;
            Profile added = energy[i];
            Delivery storage delivery = _deliveries[meter][blockNumber];
            Profile before = delivery.committed;
            Profile committed = before.add(added);
            if (Profile.unwrap(added) & ProfileLib.maskOf(blockNumber, 0, started) != 0) {
                revert Meters_SlotStarted(meter, _firstLane(blockNumber, Profile.unwrap(added)));
            }
            if (!committed.le(ProfileLib.uniform(most))) _refuseCommitment(meter, blockNumber, before, added, most);
            delivery.committed = committed;
        }
        uint256 lastSlot = (uint256(firstBlock) + energy.length) * ProfileLib.LANES - 1;
        uint256 lastDay = (lastSlot * slotSeconds) / 1 days;
        if (lastDay > type(uint16).max) lastDay = type(uint16).max;
        if (lastDay > record.promisedDay) _meters[meter].promisedDay = uint16(lastDay);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IMeters
    function meterOf(address meter) external view override returns (Meter memory) {
        MeterRecord memory record = _meters[meter];
        return
            Meter({
                owner: record.owner,
                microgrid: record.microgrid,
                capacityW: record.capacityW,
                sinceDay: record.sinceDay,
                source: _sourceOf(record.traits),
                critical: record.traits & CRITICAL != 0,
                active: _isActive(record.traits)
            });
    }

    /// @inheritdoc IMeters
    function deliveryOf(
        address meter,
        uint32 blockNumber
    ) external view override returns (Profile committed, Profile delivered, uint256 resolved) {
        Delivery storage delivery = _deliveries[meter][blockNumber];
        (committed, delivered) = (delivery.committed, delivery.delivered);
        uint32 microgrid = _knownMeter(meter).microgrid;
        uint256 lastLate = _firstSlotInTime(microgrid, _termsOf(microgrid).slotSeconds);
        uint256 late = lastLate == 0 ? 0 : ProfileLib.maskOf(blockNumber, 0, lastLate - 1);
        uint256 flags = _reported[meter][blockNumber / 32] >> ((blockNumber % 32) * 8);
        resolved = (ProfileLib.guardsOf(flags & 0xff) | late) & ProfileLib.GUARDS;
    }

    /// @inheritdoc IMeters
    function isReported(address meter, uint32 slot) external view override returns (bool) {
        return (_reported[meter][slot / 256] >> (slot % 256)) & 1 == 1;
    }

    /// @inheritdoc IMeters
    function hashReading(Reading calldata reading) public view override returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        READING_TYPEHASH,
                        reading.meter,
                        reading.firstBlock,
                        keccak256(abi.encodePacked(reading.exported))
                    )
                )
            );
    }

    /// @inheritdoc IMeters
    function hashRegistration(uint32 microgrid, address owner) public view override returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REGISTRATION_TYPEHASH, microgrid, owner)));
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev What a reading may cover: slots from `firstSlot` to before `endSlot`, at most `most` Wh in each. Those before
    /// `endPromised` may be promised to forwards, who get them from `firstInTime` on.
    struct Window {
        uint256 firstSlot;
        uint256 endSlot;
        uint256 endPromised;
        uint256 firstInTime;
        uint256 most;
    }

    /// @dev Marks the slots of a reading as reported.
    /// @return exported The reading's energy without its guard bits and without what forwards are owed.
    /// @return any Whether there is any.
    function _cover(
        address meter,
        uint256 firstBlock,
        uint256[] calldata words,
        Window memory window
    ) private returns (Profile[] memory exported, bool any) {
        exported = new Profile[](words.length);
        Profile most = ProfileLib.uniform(window.most);
        mapping(uint256 => uint256) storage reported = _reported[meter];
        uint256 everCovered;

        for (uint256 i = 0; i < words.length;) {
            // Thirty-two blocks share a word of flags: read it once, write it once.
            uint256 key = (firstBlock + i) / 32;
            uint256 flags = reported[key];
            do {
                uint256 blockNumber = firstBlock + i;
                uint256 word = words[i];
                uint256 covered = word & ProfileLib.GUARDS;
                Profile energy = Profile.wrap(word ^ covered);
                uint256 bits = ProfileLib.bitsOf(covered) << ((blockNumber % 32) * 8);
                uint256 open =
                    window.endSlot == 0 ? 0 : ProfileLib.maskOf(blockNumber, window.firstSlot, window.endSlot - 1);
                if (
                    (covered & ~open) | (flags & bits) | (Profile.unwrap(energy) & ~ProfileLib.fill(covered)) != 0 ||
                    !energy.le(most)
                ) _refuse(meter, blockNumber, word, flags, window);
                flags |= bits;
                everCovered |= covered;
                if (blockNumber * ProfileLib.LANES < window.endPromised) {
                    energy = energy.sub(_deliver(meter, blockNumber, energy, covered, window.firstInTime));
                }
                exported[i] = energy;
                any = any || !energy.isZero();
                ++i;
            } while (i < words.length && (firstBlock + i) / 32 == key);
            reported[key] = flags;
        }
        if (everCovered == 0) revert Meters_NothingReported(meter);
    }

    /// @dev Keeps of a block's energy what forwards are owed. Late energy is nobody's but the owner's: see {IMeters-report}.
    function _deliver(
        address meter,
        uint256 blockNumber,
        Profile energy,
        uint256 covered,
        uint256 firstInTime
    ) private returns (Profile kept) {
        Delivery storage delivery = _deliveries[meter][blockNumber];
        Profile committed = delivery.committed;
        if (committed.isZero()) return ProfileLib.ZERO;
        uint256 inTime = ProfileLib.maskOf(blockNumber, firstInTime, type(uint32).max);
        kept = ProfileLib.select(ProfileLib.fill(covered) & inTime, energy.min(committed), ProfileLib.ZERO);
        delivery.delivered = delivery.delivered.add(kept);
    }

    /// @dev Names the first lane of a refused word and what is wrong with it.
    function _refuse(
        address meter,
        uint256 blockNumber,
        uint256 word,
        uint256 flags,
        Window memory window
    ) private pure {
        for (uint256 i = 0; i < ProfileLib.LANES; ++i) {
            uint256 slot = blockNumber * ProfileLib.LANES + i;
            uint256 lane = uint32(word >> (i * 32));
            uint256 energy = lane & ProfileLib.LANE_MAX;
            if (lane == energy) {
                if (energy != 0) revert Meters_NotCovered(meter, slot);
                continue;
            }
            if (slot >= window.endSlot) revert Meters_SlotNotEnded(meter, slot);
            if (slot < window.firstSlot) revert Meters_BeforeRegistration(meter, slot);
            if ((flags >> (slot % 256)) & 1 == 1) revert Meters_AlreadyReported(meter, slot);
            if (energy > window.most) revert Meters_OverCapacity(meter, slot, energy, window.most);
        }
    }

    function _refuseCommitment(
        address meter,
        uint256 blockNumber,
        Profile committed,
        Profile added,
        uint256 most
    ) private pure {
        uint256 index;
        while (committed.lane(index) + added.lane(index) <= most) ++index;
        uint256 slot = blockNumber * ProfileLib.LANES + index;
        revert Meters_OverCommitted(meter, slot, committed.lane(index), added.lane(index), most);
    }

    function _firstLane(uint256 blockNumber, uint256 word) private pure returns (uint256 slot) {
        slot = blockNumber * ProfileLib.LANES;
        for (; uint32(word) == 0; word >>= 32) ++slot;
    }

    /// @dev The first slot whose reading is still in time for its forwards.
    function _firstSlotInTime(uint32 microgrid, uint256 slotSeconds) private view returns (uint256) {
        // In time: (slot + 1) * slotSeconds + deadline >= now.
        uint256 deadline = _reportingDeadlineOf(microgrid);
        if (block.timestamp <= deadline + slotSeconds) return 0;
        return (block.timestamp - deadline - slotSeconds + slotSeconds - 1) / slotSeconds;
    }

    function _isActive(uint8 traits) private pure returns (bool) {
        return traits & ACTIVE != 0;
    }

    function _sourceOf(uint8 traits) private pure returns (Source) {
        return Source(traits & (CRITICAL - 1));
    }

    function _knownMeter(address meter) private view returns (MeterRecord storage record) {
        record = _meters[meter];
        if (record.owner == address(0)) revert Meters_Unknown(meter);
    }

    function _checkSigner(address meter, bytes32 hash, bytes calldata signature) private pure {
        address signer = Signatures.signerOf(hash, signature);
        if (signer != meter || meter == address(0)) revert Meters_BadSignature(meter, signer);
    }

    /// @dev Rounds down: a meter never mints a Wh it could not have exported.
    function _slotCapacity(uint256 capacityW, uint256 slotSeconds) private pure returns (uint256) {
        return (capacityW * slotSeconds) / 1 hours;
    }
}
