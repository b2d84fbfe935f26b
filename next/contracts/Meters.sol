// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";
import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { EnergyTokenFactory } from "./deployment/EnergyTokenFactory.sol";
import { IEnergyToken } from "./interfaces/IEnergyToken.sol";
import { IMeters, Meter, Reading, Registration } from "./interfaces/IMeters.sol";
import { IMicrogrids } from "./interfaces/IMicrogrids.sol";
import { DeviceSignatures } from "./libraries/DeviceSignatures.sol";
import { EnergyId, Source } from "./libraries/EnergyId.sol";
import { Profile, ProfileLib } from "./libraries/Profile.sol";

/// @notice Meters and their readings. See {IMeters}.
contract Meters is EIP712, Multicall, IMeters {
    // =================================================================================================
    // Storage
    // =================================================================================================

    bytes32 private constant READING_TYPEHASH = keccak256(
        "Reading(address meter,uint32 firstBlock,uint256[] exported)"
    );
    bytes32 private constant REGISTRATION_TYPEHASH = keccak256(
        "Registration(uint32 microgrid,address owner,address meter,uint8 source,uint32 capacityW)"
    );

    /// @dev {Meter} in one word, which is all that a report reads of a meter that never promised anything.
    struct MeterRecord {
        address owner;
        uint24 microgrid;
        uint32 capacityW;
        uint32 firstSlot;
        // source in bits 0 to 2, slot length in 3 and 4, then the flags
        uint8 traits;
    }

    /// @dev What only a promise, a hand-over, a move or a retirement reads.
    struct Course {
        address pendingOwner;
        uint32 promisedEnd;
        uint32 retiredSlot;
        // the microgrid that may register it, 0 for none
        uint24 movingTo;
    }

    uint8 private constant SOURCE = 0x07;
    uint8 private constant SLOT_LENGTH_SHIFT = 3;
    uint8 private constant CRITICAL = 1 << 5;
    uint8 private constant ACTIVE = 1 << 6;
    /// @dev Set with the first promise: others look for none when they report.
    uint8 private constant PROMISED = 1 << 7;

    mapping(address meter => MeterRecord) private _meters;
    mapping(address meter => Course) private _courses;
    /// @dev One bit per slot.
    mapping(address meter => mapping(uint256 slotDiv256 => uint256)) private _reported;

    /// @dev What a block owes to forwards, and what of it was exported.
    struct Delivery {
        Profile committed;
        Profile delivered;
    }

    mapping(address meter => mapping(uint256 blockNumber => Delivery)) private _deliveries;

    address private immutable MARKET;
    /// @inheritdoc IMeters
    IMicrogrids public immutable override MICROGRIDS;
    /// @inheritdoc IMeters
    IEnergyToken public immutable override ENERGY;

    /// @dev The token is created here, so that neither contract ever has anyone who could set the other.
    /// @param market The only contract that may move energy under signed orders.
    constructor(address market, IMicrogrids microgrids, EnergyTokenFactory tokens) EIP712("Wattline Meters", "2") {
        MARKET = market;
        MICROGRIDS = microgrids;
        ENERGY = tokens.create(market, microgrids);
    }

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IMeters
    function register(Registration calldata registration, bytes calldata consent) external override {
        // Check
        uint32 microgrid = registration.microgrid;
        address meter = registration.meter;
        _checkOperator(microgrid);
        if (registration.owner == address(0)) revert Meters_BadOwner();
        uint256 slotSeconds = MICROGRIDS.termsOf(microgrid).slotSeconds;
        if (_slotCapacity(registration.capacityW, slotSeconds) > ProfileLib.LANE_MAX) {
            revert Meters_BadCapacity(registration.capacityW);
        }
        uint32 firstSlot = uint32(block.timestamp / slotSeconds) + 1;
        MeterRecord memory before = _meters[meter];
        uint8 promised = 0;
        if (before.owner != address(0)) {
            promised = before.traits & PROMISED;
            _checkMove(meter, before, microgrid, registration.owner);
            delete _courses[meter];
        }
        _checkSigner(meter, hashRegistration(registration), consent);

        // Effect
        _meters[meter] = MeterRecord({
            owner: registration.owner,
            // There are 2^24 - 1 microgrids at most.
            microgrid: uint24(microgrid),
            capacityW: registration.capacityW,
            firstSlot: firstSlot,
            traits: uint8(registration.source) |
                (_lengthCodeOf(slotSeconds) << SLOT_LENGTH_SHIFT) |
                (registration.critical ? CRITICAL : 0) |
                ACTIVE |
                promised
        });
        emit MeterRegistered(
            meter,
            microgrid,
            registration.owner,
            registration.source,
            registration.capacityW,
            registration.critical,
            firstSlot
        );
    }

    /// @inheritdoc IMeters
    function handOverMeter(address meter, address to) external override {
        address owner = _ownedByCaller(meter).owner;
        _courses[meter].pendingOwner = to;
        emit MeterOffered(meter, owner, to);
    }

    /// @inheritdoc IMeters
    function acceptMeter(address meter, uint32 promisedEnd) external override {
        MeterRecord storage record = _knownMeter(meter);
        Course storage course = _courses[meter];
        address pending = course.pendingOwner;
        if (msg.sender != pending) revert Meters_NotOffered(meter, msg.sender, pending);
        if (course.promisedEnd > promisedEnd) revert Meters_Promised(meter, course.promisedEnd);
        address from = record.owner;
        record.owner = msg.sender;
        record.traits &= ~CRITICAL;
        (course.pendingOwner, course.movingTo) = (address(0), 0);
        emit MeterHandedOver(meter, from, msg.sender);
    }

    /// @inheritdoc IMeters
    function moveMeter(address meter, uint32 microgrid) external override {
        _ownedByCaller(meter);
        if (microgrid != 0) MICROGRIDS.termsOf(microgrid);
        _courses[meter].movingTo = uint24(microgrid);
        emit MeterMoving(meter, microgrid);
    }

    /// @inheritdoc IMeters
    function setCritical(address meter, bool critical) external override {
        MeterRecord storage record = _knownMeter(meter);
        _checkOperator(record.microgrid);
        record.traits = critical ? record.traits | CRITICAL : record.traits & ~CRITICAL;
        emit CriticalSet(meter, critical);
    }

    /// @inheritdoc IMeters
    function retireMeter(address meter) external override {
        MeterRecord storage record = _knownMeter(meter);
        if (!_isActive(record.traits)) revert Meters_Inactive(meter);
        if (msg.sender != record.owner && msg.sender != MICROGRIDS.operatorOf(record.microgrid)) {
            revert Meters_NotOwner(meter, msg.sender, record.owner);
        }
        uint32 slot = uint32(block.timestamp / _slotSecondsOf(record.traits));
        record.traits &= ~ACTIVE;
        _courses[meter].retiredSlot = slot;
        emit MeterRetired(meter, slot);
    }

    /// @inheritdoc IMeters
    function report(Reading calldata reading, bytes calldata signature) external override {
        // Check
        address device = reading.meter;
        MeterRecord memory meter = _knownMeter(device);
        _checkSigner(device, hashReading(reading), signature);

        // Check and effect, block by block
        uint256 slotSeconds = _slotSecondsOf(meter.traits);
        uint256 endSlot = block.timestamp / slotSeconds;
        if (!_isActive(meter.traits)) {
            uint256 afterRetirement = uint256(_courses[device].retiredSlot) + 1;
            if (afterRetirement < endSlot) endSlot = afterRetirement;
        }
        Window memory window = Window({
            firstSlot: meter.firstSlot,
            endSlot: endSlot,
            endPromised: meter.traits & PROMISED == 0 ? 0 : _courses[device].promisedEnd,
            most: _slotCapacity(meter.capacityW, slotSeconds)
        });
        uint256 firstBlock = reading.firstBlock;
        (Profile[] memory exported, bool any) = _cover(device, firstBlock, reading.exported, window);
        emit Reported(device, reading.firstBlock, reading.exported);

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
        Profile[] calldata energy,
        uint32 mostAhead
    ) external override returns (Profile[] memory ahead) {
        // Check
        if (msg.sender != MARKET) revert Meters_NotMarket(msg.sender);
        MeterRecord memory record = _knownMeter(meter);
        Course storage course = _courses[meter];
        if (record.owner != seller) revert Meters_NotOwner(meter, seller, record.owner);
        if (!_isActive(record.traits)) revert Meters_Inactive(meter);
        if (course.pendingOwner != address(0) || course.movingTo != 0) revert Meters_Leaving(meter);
        if (record.microgrid != microgrid || _sourceOf(record.traits) != source) {
            revert Meters_NotSuch(meter, microgrid, source);
        }

        // Check and effect, block by block
        uint256 slotSeconds = _slotSecondsOf(record.traits);
        uint256 started = block.timestamp / slotSeconds;
        uint256 most = _slotCapacity(record.capacityW, slotSeconds);
        ahead = new Profile[](energy.length);
        uint256 promisedEnd = course.promisedEnd;
        for (uint256 i = 0; i < energy.length; ++i) {
            Profile added = ProfileLib.checked(Profile.unwrap(energy[i]));
            if (added.isZero()) continue;
            uint256 blockNumber = uint256(firstBlock) + i;
            if (Profile.unwrap(added) & ProfileLib.maskOf(blockNumber, 0, started) != 0) {
                revert Meters_SlotStarted(meter, _firstLane(blockNumber, Profile.unwrap(added)));
            }
            Delivery storage delivery = _deliveries[meter][blockNumber];
            Profile before = delivery.committed;
            Profile committed = before.add(added);
            if (!committed.le(ProfileLib.uniform(most))) _refuseCommitment(meter, blockNumber, before, added, most);
            delivery.committed = committed;
            ahead[i] = _touched(before, added);
            if (!ahead[i].le(ProfileLib.uniform(_atMostLane(mostAhead)))) {
                _refusePlace(meter, blockNumber, ahead[i], mostAhead);
            }
            // Only energy counts: trailing lanes without any promise nothing.
            uint256 end = _endOf(blockNumber, Profile.unwrap(added));
            if (end > promisedEnd) promisedEnd = end;
        }
        if (promisedEnd != course.promisedEnd) course.promisedEnd = uint32(promisedEnd);
        if (record.traits & PROMISED == 0) _meters[meter].traits = record.traits | PROMISED;
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IMeters
    function meterOf(address meter) external view override returns (Meter memory) {
        MeterRecord memory record = _meters[meter];
        Course memory course = _courses[meter];
        return
            Meter({
                owner: record.owner,
                microgrid: record.microgrid,
                capacityW: record.capacityW,
                firstSlot: record.firstSlot,
                source: _sourceOf(record.traits),
                critical: record.traits & CRITICAL != 0,
                active: _isActive(record.traits),
                pendingOwner: course.pendingOwner,
                promisedEnd: course.promisedEnd,
                retiredSlot: course.retiredSlot
            });
    }

    /// @inheritdoc IMeters
    function deliveryOf(
        address meter,
        uint32 blockNumber
    ) external view override returns (Profile committed, Profile delivered, uint256 reported) {
        Delivery storage delivery = _deliveries[meter][blockNumber];
        (committed, delivered) = (delivery.committed, delivery.delivered);
        uint256 flags = _reported[meter][blockNumber / 32] >> ((blockNumber % 32) * 8);
        reported = ProfileLib.guardsOf(flags & 0xff);
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
    function hashRegistration(Registration calldata registration) public view override returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        REGISTRATION_TYPEHASH,
                        registration.microgrid,
                        registration.owner,
                        registration.meter,
                        registration.source,
                        registration.capacityW
                    )
                )
            );
    }

    /// @inheritdoc IMeters
    function addressOfP256(bytes32 x, bytes32 y) external pure override returns (address) {
        return DeviceSignatures.addressOfP256(x, y);
    }

    // =================================================================================================
    // Internal: readings
    // =================================================================================================

    /// @dev What a reading may cover: slots from `firstSlot` to before `endSlot`, at most `most` Wh in each. Those before
    /// `endPromised` may be promised to forwards.
    struct Window {
        uint256 firstSlot;
        uint256 endSlot;
        uint256 endPromised;
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
                    energy = energy.sub(_deliver(meter, blockNumber, energy));
                }
                exported[i] = energy;
                any = any || !energy.isZero();
                ++i;
            } while (i < words.length && (firstBlock + i) / 32 == key);
            reported[key] = flags;
        }
        if (everCovered == 0) revert Meters_NothingReported(meter);
    }

    /// @dev Keeps of a block's energy what is promised to forwards, however late it comes. Each lane is reported once.
    function _deliver(address meter, uint256 blockNumber, Profile energy) private returns (Profile kept) {
        Delivery storage delivery = _deliveries[meter][blockNumber];
        kept = energy.min(delivery.committed);
        if (kept.isZero()) return kept;
        delivery.delivered = delivery.delivered.add(kept);
        emit Delivered(meter, uint32(blockNumber), kept);
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

    // =================================================================================================
    // Internal: promises
    // =================================================================================================

    /// @dev `total` where `added` has energy, nothing elsewhere.
    function _touched(Profile total, Profile added) private pure returns (Profile) {
        uint256 lanes = ProfileLib.atLeast(added, Profile.wrap(ProfileLib.ONES));
        return ProfileLib.select(ProfileLib.fill(lanes), total, ProfileLib.ZERO);
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

    function _refusePlace(address meter, uint256 blockNumber, Profile ahead, uint256 mostAhead) private pure {
        uint256 index;
        while (ahead.lane(index) <= mostAhead) ++index;
        revert Meters_TooFarBehind(meter, blockNumber * ProfileLib.LANES + index, ahead.lane(index), mostAhead);
    }

    function _firstLane(uint256 blockNumber, uint256 word) private pure returns (uint256 slot) {
        slot = blockNumber * ProfileLib.LANES;
        for (; uint32(word) == 0; word >>= 32) ++slot;
    }

    /// @dev The slot after the last lane of `word` that is not zero.
    function _endOf(uint256 blockNumber, uint256 word) private pure returns (uint256 slot) {
        slot = blockNumber * ProfileLib.LANES;
        for (; word != 0; word >>= 32) ++slot;
    }

    function _atMostLane(uint256 wh) private pure returns (uint256) {
        return wh > ProfileLib.LANE_MAX ? ProfileLib.LANE_MAX : wh;
    }

    // =================================================================================================
    // Internal: the rest
    // =================================================================================================

    /// @dev A known meter is registered again only where its owner lets it move to, and with nothing left to serve.
    function _checkMove(address meter, MeterRecord memory record, uint32 microgrid, address owner) private view {
        Course memory course = _courses[meter];
        if (!_isActive(record.traits) || course.movingTo != microgrid || microgrid == 0) {
            revert Meters_AlreadyRegistered(meter);
        }
        if (record.owner != owner) revert Meters_NotOwner(meter, owner, record.owner);
        if (course.promisedEnd > block.timestamp / _slotSecondsOf(record.traits)) {
            revert Meters_Promised(meter, course.promisedEnd);
        }
        if (record.traits & PROMISED != 0 && !_isServed(meter, course.promisedEnd)) {
            revert Meters_Promised(meter, course.promisedEnd);
        }
    }

    /// @dev Whether the last promised slot is reported: a meter reports in order, or its owner waits.
    function _isServed(address meter, uint256 promisedEnd) private view returns (bool) {
        if (promisedEnd == 0) return true;
        uint256 slot = promisedEnd - 1;
        return (_reported[meter][slot / 256] >> (slot % 256)) & 1 == 1;
    }

    function _checkOperator(uint32 microgrid) private view {
        address operator = MICROGRIDS.operatorOf(microgrid);
        if (msg.sender != operator) revert Meters_NotOperator(microgrid, msg.sender, operator);
    }

    function _isActive(uint8 traits) private pure returns (bool) {
        return traits & ACTIVE != 0;
    }

    function _sourceOf(uint8 traits) private pure returns (Source) {
        return Source(traits & SOURCE);
    }

    /// @dev 300, 900, 1800 and 3600 seconds as 0 to 3.
    function _lengthCodeOf(uint256 slotSeconds) private pure returns (uint8) {
        return slotSeconds == 300 ? 0 : slotSeconds == 900 ? 1 : slotSeconds == 1800 ? 2 : 3;
    }

    function _slotSecondsOf(uint8 traits) private pure returns (uint256) {
        uint256 code = (traits >> SLOT_LENGTH_SHIFT) & 3;
        return code == 0 ? 300 : code == 1 ? 900 : code == 2 ? 1800 : 3600;
    }

    function _knownMeter(address meter) private view returns (MeterRecord storage record) {
        record = _meters[meter];
        if (record.owner == address(0)) revert Meters_Unknown(meter);
    }

    function _ownedByCaller(address meter) private view returns (MeterRecord storage record) {
        record = _knownMeter(meter);
        if (msg.sender != record.owner) revert Meters_NotOwner(meter, msg.sender, record.owner);
    }

    function _checkSigner(address meter, bytes32 hash, bytes calldata signature) private view {
        address signer = DeviceSignatures.signerOf(hash, signature);
        if (signer != meter || meter == address(0)) revert Meters_BadSignature(meter, signer);
    }

    /// @dev Rounded up: a register counts whole Wh, and its difference over a slot may be a Wh above what flowed.
    function _slotCapacity(uint256 capacityW, uint256 slotSeconds) private pure returns (uint256) {
        return (capacityW * slotSeconds + 1 hours - 1) / 1 hours;
    }
}
