// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { ERC1155 } from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { ERC1155Utils } from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Utils.sol";
import { IERC1155MetadataURI } from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";
import { IEnergyToken } from "./interfaces/IEnergyToken.sol";
import { IMeters } from "./interfaces/IMeters.sol";
import { Charter } from "./interfaces/IMicrogrids.sol";
import { EnergyId, Source } from "./libraries/EnergyId.sol";
import { EnergyMetadata } from "./libraries/EnergyMetadata.sol";
import { Profile, ProfileLib } from "./libraries/Profile.sol";

/// @notice Energy as ERC-1155 tokens, packed eight slots to a word. See {IEnergyToken}.
/// @dev One rule of ERC-1155 is knowingly not followed: a mint, and a move by the market, asks no contract that receives
/// energy whether it accepts it. A market must not be stopped by a receiver. Transfers that holders make do ask.
contract EnergyToken is IEnergyToken, ERC1155 {
    using EnergyId for uint256;

    // =================================================================================================
    // Storage
    // =================================================================================================

    IMeters private immutable METERS;
    address private immutable MARKET;

    /// @dev What a holder has of a block. A struct, so that its place in storage is looked up once and then handed on.
    struct Holding {
        Profile profile;
    }

    mapping(uint256 blockKey => mapping(address holder => Holding)) private _holdings;

    constructor(IMeters meters, address market) ERC1155("") {
        METERS = meters;
        MARKET = market;
    }

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IEnergyToken
    function mint(
        address to,
        uint256 line,
        uint256 firstBlock,
        Profile[] calldata energy
    ) external override returns (uint256) {
        if (msg.sender != address(METERS) && msg.sender != MARKET) revert EnergyToken_NotMinter(msg.sender);
        return _transfer(address(0), to, line, firstBlock, energy);
    }

    /// @inheritdoc IEnergyToken
    function move(
        address from,
        address to,
        uint256 line,
        uint256 firstBlock,
        Profile[] calldata energy
    ) external override returns (uint256) {
        if (msg.sender != MARKET) revert EnergyToken_NotMarket(msg.sender);
        return _transfer(from, to, line, firstBlock, energy);
    }

    /// @inheritdoc IEnergyToken
    function moveAcross(
        address from,
        address to,
        uint256 lineFrom,
        uint256 lineTo,
        uint256 firstBlock,
        Profile[] calldata sent,
        Profile[] calldata arrived
    ) external override {
        if (msg.sender != MARKET) revert EnergyToken_NotMarket(msg.sender);
        _transfer(from, address(0), lineFrom, firstBlock, sent);
        _transfer(address(0), to, lineTo, firstBlock, arrived);
    }

    /// @inheritdoc IEnergyToken
    function retire(
        uint32 microgrid,
        Source source,
        uint32 firstBlock,
        Profile[] calldata energy,
        address beneficiary,
        string calldata purpose
    ) external override {
        uint256 moved = _transfer(msg.sender, address(0), EnergyId.lineOf(microgrid, source), firstBlock, energy);
        if (moved == 0) revert EnergyToken_NothingRetired();
        emit Retired(msg.sender, beneficiary, microgrid, source, firstBlock, energy, purpose);
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc ERC1155
    function balanceOf(address holder, uint256 id) public view override(ERC1155, IERC1155) returns (uint256) {
        (uint256 line, uint256 slot) = id.split();
        Holding storage held = _holdings[line.blockKey(slot / ProfileLib.LANES)][holder];
        return held.profile.lane(slot % ProfileLib.LANES);
    }

    /// @inheritdoc ERC1155
    /// @dev See {_updateWithAcceptanceCheck} for why this is not the library's.
    function balanceOfBatch(
        address[] memory holders,
        uint256[] memory ids
    ) public view override(ERC1155, IERC1155) returns (uint256[] memory balances) {
        if (holders.length != ids.length) revert ERC1155InvalidArrayLength(ids.length, holders.length);
        balances = new uint256[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) balances[i] = balanceOf(holders[i], ids[i]);
    }

    /// @inheritdoc IEnergyToken
    function profileOf(
        address holder,
        uint32 microgrid,
        Source source,
        uint32 firstBlock,
        uint256 blocks
    ) external view override returns (Profile[] memory energy) {
        uint256 line = EnergyId.lineOf(microgrid, source);
        energy = new Profile[](blocks);
        for (uint256 i = 0; i < blocks; ++i) {
            energy[i] = _holdings[line.blockKey(firstBlock + i)][holder].profile;
        }
    }

    /// @notice The token's metadata as a data URI, made on chain from the microgrid's name and the slot's time.
    function uri(uint256 id) public view override(ERC1155, IERC1155MetadataURI) returns (string memory) {
        (uint256 line, uint256 slot) = id.split();
        if (line >> 40 != 0 || uint8(line) > uint8(type(Source).max)) revert EnergyToken_UnknownId(id);
        Charter memory charter = METERS.MICROGRIDS().microgridOf(uint32(line >> 8)).charter;
        return EnergyMetadata.uriOf(charter.name, uint8(line), slot * charter.slotSeconds, charter.slotSeconds);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Moves whole profiles, a word at a time; zero addresses mint and burn. Emits what ERC-1155 asks for.
    /// @return lanes In how many slots energy moved.
    function _transfer(
        address from,
        address to,
        uint256 line,
        uint256 firstBlock,
        Profile[] calldata energy
    ) private returns (uint256 lanes) {
        // A block beyond the last 32-bit slot would reach into the next line.
        if (firstBlock + energy.length > EnergyId.BLOCKS) revert EnergyToken_BadBlocks(firstBlock, energy.length);
        unchecked {
            // Blocks have 29 bits and calldata fewer than 2^30 words.
            for (uint256 i = 0; i < energy.length; ++i) {
                Profile moved = ProfileLib.checked(Profile.unwrap(energy[i]));
                if (moved.isZero()) continue;
                mapping(address holder => Holding) storage holdings = _holdings[line.blockKey(firstBlock + i)];
                if (from != address(0)) _take(holdings[from], from, line, firstBlock + i, moved);
                if (to != address(0)) _give(holdings[to], to, line, firstBlock + i, moved);
                lanes += moved.count();
            }
        }
        if (lanes != 0) _emitTransfer(from, to, line, firstBlock, energy, lanes);
    }

    /// @dev Every lane that moves becomes an id and a value in the event: for a day of slots that is most of the
    /// work. The event's data is therefore laid out in place, where Solidity would fill two arrays, check every
    /// index and copy both once more. `lanes` is the number of lanes above zero, at least 1.
    function _emitTransfer(
        address from,
        address to,
        uint256 line,
        uint256 firstBlock,
        Profile[] calldata energy,
        uint256 lanes
    ) private {
        bytes32 topic = lanes == 1 ? TransferSingle.selector : TransferBatch.selector;
        uint256 firstId = line.idOf(firstBlock * ProfileLib.LANES);
        assembly ("memory-safe") {
            // TransferSingle: id, value. TransferBatch: two offsets, then each array behind its length.
            let data := mload(0x40)
            let nextId := data
            let valueGap := 0x20
            let size := 0x40
            if gt(lanes, 1) {
                let arraySize := mul(add(lanes, 1), 0x20)
                mstore(data, 0x40)
                mstore(add(data, 0x20), add(0x40, arraySize))
                mstore(add(data, 0x40), lanes)
                mstore(add(add(data, 0x40), arraySize), lanes)
                nextId := add(data, 0x60)
                valueGap := arraySize
                size := add(0x40, mul(arraySize, 2))
            }
            let word := energy.offset
            let end := add(word, mul(energy.length, 0x20))
            for {} lt(word, end) {
                word := add(word, 0x20)
            } {
                let id := firstId
                for {
                    let rest := calldataload(word)
                } rest {
                    rest := shr(32, rest)
                } {
                    let value := and(rest, 0xffffffff)
                    if value {
                        mstore(nextId, id)
                        mstore(add(nextId, valueGap), value)
                        nextId := add(nextId, 0x20)
                    }
                    id := add(id, 1)
                }
                firstId := add(firstId, 8)
            }
            log4(data, size, topic, caller(), from, to)
        }
    }

    /// @dev As the library's. That reads arrays by assembly which is not declared memory-safe, and one such place keeps the
    /// compiler from optimising memory in the whole contract.
    function _updateWithAcceptanceCheck(
        address from,
        address to,
        uint256[] memory ids,
        uint256[] memory values,
        bytes memory data,
        bool batch
    ) internal override {
        _update(from, to, ids, values);
        if (to == address(0)) return;
        address operator = _msgSender();
        if (batch) ERC1155Utils.checkOnERC1155BatchReceived(operator, from, to, ids, values, data);
        else ERC1155Utils.checkOnERC1155Received(operator, from, to, ids[0], values[0], data);
    }

    /// @dev ERC-1155's own paths (holders' transfers) come here, with ids in any order and repeated at will.
    function _update(address from, address to, uint256[] memory ids, uint256[] memory values) internal override {
        if (ids.length != values.length) revert ERC1155InvalidArrayLength(ids.length, values.length);
        for (uint256 i = 0; i < ids.length;) i = _updateBlock(from, to, ids, values, i);
        if (ids.length == 1) emit TransferSingle(_msgSender(), from, to, ids[0], values[0]);
        else _emitBatch(from, to, ids, values);
    }

    /// @dev TransferBatch, with both arrays copied as they are: Solidity takes a word at a time.
    function _emitBatch(address from, address to, uint256[] memory ids, uint256[] memory values) private {
        bytes32 topic = TransferBatch.selector;
        assembly ("memory-safe") {
            // Two offsets, then each array behind its length. Both are equally long.
            let size := mul(add(mload(ids), 1), 0x20)
            let data := mload(0x40)
            mstore(data, 0x40)
            mstore(add(data, 0x20), add(0x40, size))
            mcopy(add(data, 0x40), ids, size)
            mcopy(add(add(data, 0x40), size), values, size)
            log4(data, add(0x40, mul(size, 2)), topic, caller(), from, to)
        }
    }

    /// @dev Moves the run of rising ids from `i` on that share a block, for one read and one write of either word. An id
    /// that comes again starts a new run: to oneself, what went out has come back by then.
    /// @return next The first id of the next run.
    function _updateBlock(
        address from,
        address to,
        uint256[] memory ids,
        uint256[] memory values,
        uint256 i
    ) private returns (uint256 next) {
        Profile moved;
        (moved, next) = _runOf(ids, values, i);
        uint256 id = ids[i];
        // Nobody has more than a lane holds.
        if (next == i) revert ERC1155InsufficientBalance(from, balanceOf(from, id), values[i], id);
        (uint256 line, uint256 slot) = id.split();
        uint256 blockNumber = slot / ProfileLib.LANES;
        mapping(address holder => Holding) storage holdings = _holdings[line.blockKey(blockNumber)];
        // In this order a transfer to oneself changes nothing.
        _take(holdings[from], from, line, blockNumber, moved);
        _give(holdings[to], to, line, blockNumber, moved);
    }

    /// @dev The run of {_updateBlock} as a profile, and the first id behind it: `i` itself when its value fits no lane.
    function _runOf(
        uint256[] memory ids,
        uint256[] memory values,
        uint256 i
    ) private pure returns (Profile run, uint256 next) {
        uint256 word;
        uint256 blockId = ids[i] / ProfileLib.LANES;
        // Ids of a block rise as their lanes do.
        uint256 free = ids[i] % ProfileLib.LANES;
        unchecked {
            for (next = i; next < ids.length; ++next) {
                (uint256 id, uint256 value) = (ids[next], values[next]);
                uint256 index = id % ProfileLib.LANES;
                if (id / ProfileLib.LANES != blockId || index < free || value > ProfileLib.LANE_MAX) break;
                word |= value << (index * 32);
                free = index + 1;
            }
        }
        run = Profile.wrap(word);
    }

    /// @dev Takes `moved` off what a holder has of a block.
    function _take(Holding storage holding, address holder, uint256 line, uint256 blockNumber, Profile moved) private {
        Profile held = holding.profile;
        unchecked {
            // No lane borrows: each of `moved` is at most the one it is taken from.
            if (moved.le(held)) {
                holding.profile = Profile.wrap(Profile.unwrap(held) - Profile.unwrap(moved));
                return;
            }
        }
        uint256 index;
        while (moved.lane(index) <= held.lane(index)) ++index;
        revert ERC1155InsufficientBalance(
            holder,
            held.lane(index),
            moved.lane(index),
            line.idOf(blockNumber * ProfileLib.LANES + index)
        );
    }

    /// @dev Adds `moved` to what a holder has of a block.
    function _give(Holding storage holding, address holder, uint256 line, uint256 blockNumber, Profile moved) private {
        Profile held = holding.profile;
        unchecked {
            // No lane reaches its guard bit exactly when the sum has none set.
            uint256 sum = Profile.unwrap(held) + Profile.unwrap(moved);
            if (sum & ProfileLib.GUARDS == 0) {
                holding.profile = Profile.wrap(sum);
                return;
            }
        }
        uint256 index;
        while (moved.lane(index) + held.lane(index) <= ProfileLib.LANE_MAX) ++index;
        revert EnergyToken_Overflow(
            holder,
            line.idOf(blockNumber * ProfileLib.LANES + index),
            held.lane(index),
            moved.lane(index)
        );
    }
}
