// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";
import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
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

    /// @inheritdoc IMeters
    IMicrogrids public immutable override MICROGRIDS;
    /// @inheritdoc IMeters
    IEnergyToken public immutable override ENERGY;
    address private immutable MARKET;

    struct MeterRecord {
        // slot 0: all that a reading needs of a meter in service that sells no forwards
        address owner;
        uint24 microgrid;
        uint32 capacityW;
        uint32 firstSlot;
        uint8 traits;
        // slot 1
        address pendingOwner;
        uint24 movingTo;
        uint32 promisedEnd;
        uint32 retiredSlot;
        // slot 2
        uint32 offers;
    }

    /// @dev Traits: the source (3 bits), which of four slot lengths (2 bits), and three flags. PROMISED says that slot 1 has a
    /// `promisedEnd`: who sells no forwards pays nothing for them when it reports.
    uint8 private constant SOURCE = 7;
    uint8 private constant LENGTH_SHIFT = 3;
    uint8 private constant PROMISED = 1 << 5;
    uint8 private constant CRITICAL = 1 << 6;
    uint8 private constant ACTIVE = 1 << 7;
    /// @dev The four slot lengths in units of 300 s, a byte each.
    uint256 private constant LENGTHS = 0x0c060301;
    uint256 private constant LENGTH_UNIT = 300;

    mapping(address meter => MeterRecord) private _meters;
    /// @dev One bit per slot. A move to another slot length starts other numbers: slots of the two have one in common only
    /// when decades lie between them.
    mapping(address meter => mapping(uint256 slotDiv256 => uint256)) private _reported;

    /// @dev What a block owes to forwards, and what of it was exported.
    struct Delivery {
        Profile committed;
        Profile delivered;
    }

    mapping(address meter => mapping(uint256 blockNumber => Delivery)) private _deliveries;

    /// @dev The token is created here, so that neither contract ever has anyone who could set the other.
    /// @param market The only contract that may move energy under signed orders, and commit energy to come.
    /// @param microgrids The communities.
    /// @param tokens Creates the energy token.
    constructor(address market, IMicrogrids microgrids, EnergyTokenFactory tokens) EIP712("Wattline Meters", "2") {
        MARKET = market;
        MICROGRIDS = microgrids;
        ENERGY = tokens.create(market);
    }

    // =================================================================================================
    // Entry points: the life of a meter
    // =================================================================================================

    /// @inheritdoc IMeters
    function register(Registration calldata registration, bytes calldata consent) external override {
        // Check
        (address meter, address owner) = (registration.meter, registration.owner);
        _checkOperator(registration.microgrid);
        if (owner == address(0)) revert Meters_BadOwner();
        MeterRecord storage record = _meters[meter];
        if (record.owner != address(0)) _checkMove(meter, record, registration);
        uint256 slotSeconds = MICROGRIDS.termsOf(registration.microgrid).slotSeconds;
        if (_slotCapacity(registration.capacityW, slotSeconds) > ProfileLib.LANE_MAX) {
            revert Meters_BadCapacity(registration.capacityW);
        }
        _checkSigner(meter, hashRegistration(registration), consent);

        // Effect
        uint32 firstSlot = uint32(block.timestamp / slotSeconds) + 1;
        _meters[meter] = MeterRecord({
            owner: owner,
            // There are no more than 2^24 - 1.
            microgrid: uint24(registration.microgrid),
            capacityW: registration.capacityW,
            firstSlot: firstSlot,
            traits: uint8(registration.source) |
                _lengthTrait(slotSeconds) |
                ACTIVE |
                (registration.critical ? CRITICAL : 0),
            pendingOwner: address(0),
            movingTo: 0,
            promisedEnd: 0,
            retiredSlot: 0,
            // A number never comes again, or what was accepted could be another offer.
            offers: record.offers
        });
        emit MeterRegistered(
            meter,
            registration.microgrid,
            owner,
            registration.source,
            registration.capacityW,
            registration.critical,
            firstSlot
        );
    }

    /// @inheritdoc IMeters
    function handOverMeter(address meter, address to) external override {
        MeterRecord storage record = _owned(meter);
        record.pendingOwner = to;
        emit MeterOffered(meter, msg.sender, to, ++record.offers);
    }

    /// @inheritdoc IMeters
    function acceptMeter(address meter, uint32 offer) external override {
        MeterRecord storage record = _knownMeter(meter);
        address pendingOwner = record.pendingOwner;
        if (msg.sender != pendingOwner) revert Meters_NotOffered(meter, msg.sender, pendingOwner);
        if (offer != record.offers) revert Meters_OtherOffer(meter, offer, record.offers);
        emit MeterHandedOver(meter, record.owner, msg.sender);
        record.owner = msg.sender;
        record.pendingOwner = address(0);
        record.movingTo = 0;
        if (record.traits & CRITICAL != 0) {
            record.traits &= ~CRITICAL;
            emit CriticalSet(meter, false);
        }
    }

    /// @inheritdoc IMeters
    function moveMeter(address meter, uint32 microgrid) external override {
        MeterRecord storage record = _owned(meter);
        // Reverts when there is no such microgrid.
        if (microgrid != 0) MICROGRIDS.operatorOf(microgrid);
        record.movingTo = uint24(microgrid);
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
        uint32 retiredSlot = uint32(block.timestamp / _slotSecondsOf(record.traits));
        record.traits &= ~ACTIVE;
        record.retiredSlot = retiredSlot;
        emit MeterRetired(meter, retiredSlot);
    }

    // =================================================================================================
    // Entry points: readings and promises
    // =================================================================================================

    /// @inheritdoc IMeters
    function report(Reading calldata reading, bytes calldata signature) external override {
        // Check
        MeterRecord storage record = _knownMeter(reading.meter);
        (address owner, uint8 traits) = (record.owner, record.traits);
        _checkSigner(reading.meter, hashReading(reading), signature);

        // Check and effect, block by block
        uint256 slotSeconds = _slotSecondsOf(traits);
        Window memory window = Window({
            firstSlot: record.firstSlot,
            endSlot: block.timestamp / slotSeconds,
            endPromised: traits & PROMISED == 0 ? 0 : record.promisedEnd,
            most: _slotCapacity(record.capacityW, slotSeconds)
        });
        // What had started when the meter was retired is still reported: it may be promised.
        if (!_isActive(traits)) window.endSlot = Math.min(window.endSlot, uint256(record.retiredSlot) + 1);
        uint256 line = EnergyId.lineOf(record.microgrid, _sourceOf(traits));
        (Profile[] memory exported, bool any) = _cover(reading.meter, reading.firstBlock, reading.exported, window);
        emit Reported(reading.meter, reading.firstBlock, reading.exported);

        // Interaction, with our own token only
        if (any) ENERGY.mint(owner, line, reading.firstBlock, exported);
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
        // Both words at once: Solidity would read them once a member.
        MeterRecord memory record = _meters[meter];
        if (record.owner == address(0)) revert Meters_Unknown(meter);
        if (record.owner != seller) revert Meters_NotOwner(meter, seller, record.owner);
        if (!_isActive(record.traits)) revert Meters_Inactive(meter);
        if (record.microgrid != microgrid || _sourceOf(record.traits) != source) {
            revert Meters_NotSuch(meter, microgrid, source);
        }
        if (record.pendingOwner != address(0) || record.movingTo != 0) revert Meters_Leaving(meter);

        // Check and effect, block by block
        uint256 slotSeconds = _slotSecondsOf(record.traits);
        Promise memory terms = Promise({
            meter: meter,
            started: block.timestamp / slotSeconds,
            most: _slotCapacity(record.capacityW, slotSeconds),
            mostAhead: Math.min(mostAhead, ProfileLib.LANE_MAX)
        });
        ahead = new Profile[](energy.length);
        uint256 end;
        for (uint256 i = 0; i < energy.length; ++i) {
            Profile added = energy[i];
            if (added.isZero()) continue;
            uint256 blockNumber = uint256(firstBlock) + i;
            ahead[i] = _promise(terms, blockNumber, added);
            end = blockNumber * ProfileLib.LANES + Math.log2(Profile.unwrap(added)) / 32 + 1;
        }
        if (end > record.promisedEnd) {
            // The last slot of all never comes.
            _meters[meter].promisedEnd = uint32(Math.min(end, type(uint32).max));
            if (record.traits & PROMISED == 0) _meters[meter].traits = record.traits | PROMISED;
        }
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IMeters
    function meterOf(address meter) external view override returns (Meter memory result) {
        MeterRecord storage record = _meters[meter];
        uint8 traits = record.traits;
        result.owner = record.owner;
        result.microgrid = record.microgrid;
        result.capacityW = record.capacityW;
        result.firstSlot = record.firstSlot;
        result.source = _sourceOf(traits);
        result.critical = traits & CRITICAL != 0;
        result.active = _isActive(traits);
        result.pendingOwner = record.pendingOwner;
        result.movingTo = record.movingTo;
        result.promisedEnd = record.promisedEnd;
        result.retiredSlot = record.retiredSlot;
        result.offers = record.offers;
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
    // Internal
    // =================================================================================================

    /// @dev What a reading may cover: slots from `firstSlot` to before `endSlot`, at most `most` Wh in each. Those before
    /// `endPromised` may be promised to forwards.
    struct Window {
        uint256 firstSlot;
        uint256 endSlot;
        uint256 endPromised;
        uint256 most;
    }

    /// @dev What a meter can promise: slots after `started`, at most `most` Wh in each, behind at most `mostAhead`.
    struct Promise {
        address meter;
        uint256 started;
        uint256 most;
        uint256 mostAhead;
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

    /// @dev Keeps of a block's energy what forwards are owed, however late it comes.
    function _deliver(address meter, uint256 blockNumber, Profile energy) private returns (Profile kept) {
        Delivery storage delivery = _deliveries[meter][blockNumber];
        // Lanes that are not covered have no energy to keep.
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

    /// @dev Adds to what a block owes.
    /// @return ahead What was promised before, in the lanes of `added`.
    function _promise(Promise memory terms, uint256 blockNumber, Profile added) private returns (Profile ahead) {
        Delivery storage delivery = _deliveries[terms.meter][blockNumber];
        Profile before = delivery.committed;
        uint256 lanes = ProfileLib.fill(ProfileLib.atLeast(added, Profile.wrap(ProfileLib.ONES)));
        ahead = ProfileLib.select(lanes, before, ProfileLib.ZERO);
        Profile committed = before.add(added);
        if (
            lanes & ProfileLib.maskOf(blockNumber, 0, terms.started) != 0 ||
            !committed.le(ProfileLib.uniform(terms.most)) ||
            !ahead.le(ProfileLib.uniform(terms.mostAhead))
        ) _refusePromise(terms, blockNumber, before, added);
        delivery.committed = committed;
    }

    /// @dev Names the first lane that can't be promised and why.
    function _refusePromise(Promise memory terms, uint256 blockNumber, Profile before, Profile added) private pure {
        for (uint256 i = 0; i < ProfileLib.LANES; ++i) {
            (uint256 ahead, uint256 energy) = (before.lane(i), added.lane(i));
            if (energy == 0) continue;
            uint256 slot = blockNumber * ProfileLib.LANES + i;
            if (slot <= terms.started) revert Meters_SlotStarted(terms.meter, slot);
            if (ahead + energy > terms.most) {
                revert Meters_OverCommitted(terms.meter, slot, ahead, energy, terms.most);
            }
            if (ahead > terms.mostAhead) revert Meters_TooFarBehind(terms.meter, slot, ahead, terms.mostAhead);
        }
    }

    /// @dev A registered meter is registered again only where its owner lets it move, for the same owner, and once nobody can
    /// wait for its energy any more.
    function _checkMove(address meter, MeterRecord storage record, Registration calldata registration) private view {
        if (record.movingTo == 0 || record.movingTo != registration.microgrid) revert Meters_AlreadyRegistered(meter);
        if (record.owner != registration.owner) revert Meters_NotOwner(meter, registration.owner, record.owner);
        uint32 promisedEnd = record.promisedEnd;
        if (promisedEnd != 0 && MICROGRIDS.overdueAt(record.microgrid, promisedEnd - 1) > block.timestamp) {
            revert Meters_Promised(meter, promisedEnd);
        }
    }

    function _checkOperator(uint32 microgrid) private view {
        address operator = MICROGRIDS.operatorOf(microgrid);
        if (msg.sender != operator) revert Meters_NotOperator(microgrid, msg.sender, operator);
    }

    function _owned(address meter) private view returns (MeterRecord storage record) {
        record = _knownMeter(meter);
        if (msg.sender != record.owner) revert Meters_NotOwner(meter, msg.sender, record.owner);
    }

    function _isActive(uint8 traits) private pure returns (bool) {
        return traits & ACTIVE != 0;
    }

    function _sourceOf(uint8 traits) private pure returns (Source) {
        return Source(traits & SOURCE);
    }

    function _slotSecondsOf(uint8 traits) private pure returns (uint256) {
        return ((LENGTHS >> (8 * ((traits >> LENGTH_SHIFT) & 3))) & 0xff) * LENGTH_UNIT;
    }

    function _lengthTrait(uint256 slotSeconds) private pure returns (uint8) {
        uint8 index;
        while ((LENGTHS >> (8 * index)) & 0xff != slotSeconds / LENGTH_UNIT) ++index;
        return index << LENGTH_SHIFT;
    }

    function _knownMeter(address meter) private view returns (MeterRecord storage record) {
        record = _meters[meter];
        if (record.owner == address(0)) revert Meters_Unknown(meter);
    }

    function _checkSigner(address meter, bytes32 hash, bytes calldata signature) private view {
        address signer = DeviceSignatures.signerOf(hash, signature);
        if (signer != meter || meter == address(0)) revert Meters_BadSignature(meter, signer);
    }

    /// @dev Rounds up: a register that counts whole Wh may pass one more of them than the exact limit.
    function _slotCapacity(uint256 capacityW, uint256 slotSeconds) private pure returns (uint256) {
        return Math.ceilDiv(capacityW * slotSeconds, 1 hours);
    }
}
