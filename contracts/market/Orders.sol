// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { SignatureChecker } from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import { IOrders, Order } from "../interfaces/IOrders.sol";
import { Source } from "../libraries/EnergyId.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { Escrow } from "./Escrow.sol";

/// @notice What makers signed, and how much of it is filled. See {IOrders}.
abstract contract Orders is Escrow, EIP712, IOrders {
    // =================================================================================================
    // Storage
    // =================================================================================================

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address maker,address meter,uint8 side,uint8 sources,uint32 firstSlot,uint32 lastSlot,"
        "uint32 energy,uint96 price,bool forward,uint96 bond,address counterparty,uint64 nonce,uint64 counter,"
        "uint40 deadline)"
    );

    /// @dev Eight orders per word: 31 bits of filled Wh per lane, the guard bit meaning cancelled.
    mapping(address maker => mapping(uint256 nonceDiv8 => uint256)) private _fills;

    constructor() EIP712("Wattline", "1") {}

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @inheritdoc IOrders
    function cancel(uint64[] calldata nonces) external override {
        for (uint256 i = 0; i < nonces.length; ++i) {
            uint64 nonce = nonces[i];
            _fills[msg.sender][nonce / 8] |= _guardBit(nonce);
            emit Cancelled(msg.sender, nonce);
        }
    }

    // =================================================================================================
    // Views
    // =================================================================================================

    /// @inheritdoc IOrders
    function fillOf(address maker, uint64 nonce) external view override returns (uint256 energy, bool cancelled) {
        uint256 fills = _fills[maker][nonce / 8];
        return (Profile.wrap(fills).lane(nonce % 8), fills & _guardBit(nonce) != 0);
    }

    /// @inheritdoc IOrders
    function hashOrder(Order calldata order) public view override returns (bytes32) {
        bytes32 typeHash = ORDER_TYPEHASH;
        bytes32 structHash;
        // Every member is a static type of one word, so an order's calldata is its EIP-712 encodeData: copied and
        // hashed as it stands, it costs a tenth of `abi.encode`. A member with dirty upper bits hashes to what
        // nobody signed.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, typeHash)
            calldatacopy(add(data, 0x20), order, 0x1c0)
            structHash := keccak256(data, 0x1e0)
        }
        return _hashTypedDataV4(structHash);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Reverts unless `maker` signed `orderHash`.
    function _checkSignature(address maker, bytes32 orderHash, bytes calldata signature) internal view {
        address signer = Signatures.signerOf(orderHash, signature);
        if (signer == maker && signer != address(0)) return;
        if (!SignatureChecker.isValidERC1271SignatureNow(maker, orderHash, signature)) {
            revert Orders_BadSignature(maker, orderHash);
        }
    }

    /// @dev Reverts unless `order` is alive and lets `taker` trade energy of `source` against it.
    function _checkOrder(Order calldata order, uint64 counter, address taker, Source source) internal view {
        if (block.timestamp > order.deadline) revert Orders_Expired(order.deadline, block.timestamp);
        if (order.counterparty != address(0) && order.counterparty != taker) {
            revert Orders_NotCounterparty(order.counterparty, taker);
        }
        if ((order.sources >> uint8(source)) & 1 == 0) revert Orders_SourceNotNamed(order.sources, uint8(source));
        if (order.counter != counter) revert Orders_CounterRaised(order.maker, order.counter, counter);
    }

    /// @dev The Wh of a profile that must lie within the order's slots.
    function _sumWithin(
        Order calldata order,
        uint256 firstBlock,
        Profile[] calldata energy
    ) internal pure returns (uint256 total) {
        (uint256 firstSlot, uint256 lastSlot) = (order.firstSlot, order.lastSlot);
        for (uint256 i = 0; i < energy.length; ++i) {
            Profile word = ProfileLib.checked(Profile.unwrap(energy[i]));
            unchecked {
                // A block fits 32 bits, a sum 34, and calldata holds fewer than 2^30 words.
                uint256 stray = Profile.unwrap(word) & ~ProfileLib.maskOf(firstBlock + i, firstSlot, lastSlot);
                if (stray != 0) _refuseSlot(order, firstBlock + i, stray);
                total += word.sum();
            }
        }
    }

    /// @dev Adds `energy` Wh to what is filled of `order`.
    function _fill(Order calldata order, address maker, uint256 energy) internal {
        uint64 nonce = order.nonce;
        uint256 signed = order.energy;
        uint256 key = nonce / 8;
        uint256 word = _fills[maker][key];
        if (word & _guardBit(nonce) != 0) revert Orders_IsCancelled(maker, nonce);
        // A signature for more than a lane holds is good for what a lane holds.
        if (signed > ProfileLib.LANE_MAX) signed = ProfileLib.LANE_MAX;
        unchecked {
            // Both are below 2^40, and what is left never exceeds the lane.
            uint256 filled = Profile.wrap(word).lane(nonce % 8);
            if (filled + energy > signed) {
                revert Orders_Overfilled(maker, nonce, signed > filled ? signed - filled : 0, energy);
            }
            _fills[maker][key] = word + (energy << ((nonce % 8) * 32));
        }
    }

    function _guardBit(uint64 nonce) private pure returns (uint256) {
        return 1 << ((nonce % 8) * 32 + 31);
    }

    function _refuseSlot(Order calldata order, uint256 blockNumber, uint256 stray) private pure {
        uint256 index;
        while (uint32(stray >> (index * 32)) == 0) ++index;
        revert Orders_OutsideSlots(blockNumber * ProfileLib.LANES + index, order.firstSlot, order.lastSlot);
    }
}
