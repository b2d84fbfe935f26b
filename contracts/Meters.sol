// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";
import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { EnergyToken } from "./EnergyToken.sol";
import { IEnergyToken } from "./interfaces/IEnergyToken.sol";
import { IMeters, Meter, Reading } from "./interfaces/IMeters.sol";
import { Terms } from "./interfaces/IMicrogrids.sol";
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

    mapping(address meter => Meter) private _meters;
    /// @dev One bit per slot.
    mapping(address meter => mapping(uint256 slotDiv256 => uint256)) private _reported;

    /// @dev The token is born here, so that neither contract ever has anyone who could set the other.
    /// @param market The only contract that may move energy under signed orders.
    constructor(address market) EIP712("Wattline Meters", "1") {
        ENERGY = new EnergyToken(this, market);
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
        _meters[meter] = Meter({
            owner: owner,
            // 2^24 foundings would cost more than all blocks of a decade hold.
            microgrid: uint24(microgrid),
            capacityW: capacityW,
            sinceDay: uint16(block.timestamp / 1 days),
            source: source,
            critical: critical,
            active: true
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
        Meter storage record = _knownMeter(meter);
        if (!record.active) revert Meters_Inactive(meter);
        if (msg.sender != record.owner && msg.sender != operatorOf(record.microgrid)) {
            revert Meters_NotOwner(meter, msg.sender, record.owner);
        }
        record.active = false;
        emit MeterRetired(meter);
    }

    /// @inheritdoc IMeters
    function report(Reading calldata reading, bytes calldata signature) external override {
        // Check
        Meter memory meter = _knownMeter(reading.meter);
        if (!meter.active) revert Meters_Inactive(reading.meter);
        _checkSigner(reading.meter, hashReading(reading), signature);

        // Check and effect, block by block
        uint256 slotSeconds = _termsOf(meter.microgrid).slotSeconds;
        Window memory window = Window({
            firstSlot: (uint256(meter.sinceDay) * 1 days) / slotSeconds,
            endSlot: block.timestamp / slotSeconds,
            most: _slotCapacity(meter.capacityW, slotSeconds)
        });
        (Profile[] memory exported, bool any) = _cover(reading, window);
        emit Reported(reading.meter, reading.firstBlock, reading.exported);

        // Interaction, with our own token only
        if (any) {
            uint256 line = EnergyId.lineOf(meter.microgrid, meter.source);
            ENERGY.mint(meter.owner, line, reading.firstBlock, exported);
        }
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IMeters
    function meterOf(address meter) external view override returns (Meter memory) {
        return _meters[meter];
    }

    /// @inheritdoc IMeters
    function marketOf(
        address meter
    ) external view override returns (address owner, uint32 microgrid, Terms memory terms) {
        Meter storage record = _knownMeter(meter);
        (owner, microgrid) = (record.owner, record.microgrid);
        terms = _termsOf(microgrid);
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

    /// @dev What a reading may cover: slots from `firstSlot` to before `endSlot`, at most `most` Wh in each.
    struct Window {
        uint256 firstSlot;
        uint256 endSlot;
        uint256 most;
    }

    /// @dev Marks the slots of a reading as reported.
    /// @return exported The reading's energy without its guard bits.
    /// @return any Whether there is any.
    function _cover(
        Reading calldata reading,
        Window memory window
    ) private returns (Profile[] memory exported, bool any) {
        uint256 blocks = reading.exported.length;
        exported = new Profile[](blocks);
        Profile most = ProfileLib.uniform(window.most);
        mapping(uint256 => uint256) storage reported = _reported[reading.meter];
        uint256 everCovered;

        for (uint256 i = 0; i < blocks;) {
            // Thirty-two blocks share a word of flags: read it once, write it once.
            uint256 key = (uint256(reading.firstBlock) + i) / 32;
            uint256 flags = reported[key];
            do {
                uint256 blockNumber = uint256(reading.firstBlock) + i;
                uint256 word = reading.exported[i];
                uint256 covered = word & ProfileLib.GUARDS;
                Profile energy = Profile.wrap(word ^ covered);
                uint256 bits = ProfileLib.bitsOf(covered) << ((blockNumber % 32) * 8);
                uint256 open =
                    window.endSlot == 0 ? 0 : ProfileLib.maskOf(blockNumber, window.firstSlot, window.endSlot - 1);
                if (
                    (covered & ~open) | (flags & bits) | (Profile.unwrap(energy) & ~ProfileLib.fill(covered)) != 0 ||
                    !energy.le(most)
                ) _refuse(reading.meter, blockNumber, word, flags, window);
                flags |= bits;
                everCovered |= covered;
                exported[i] = energy;
                any = any || !energy.isZero();
                ++i;
            } while (i < blocks && (uint256(reading.firstBlock) + i) / 32 == key);
            reported[key] = flags;
        }
        if (everCovered == 0) revert Meters_NothingReported(reading.meter);
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

    function _knownMeter(address meter) private view returns (Meter storage record) {
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
