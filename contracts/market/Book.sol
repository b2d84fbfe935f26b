// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { IOrders, Order } from "../interfaces/IOrders.sol";
import { Source } from "../libraries/EnergyId.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { Accounts } from "./Accounts.sol";

/// @notice What makers signed, and how much of it is filled. See {IOrders}.
abstract contract Book is Accounts, EIP712 {
    bytes private constant ORDER_TYPE =
        "Order(address maker,address meter,uint32 microgrid,uint8 side,uint8 sources,uint32 firstSlot,"
        "uint32 lastSlot,uint32 energy,uint96 price,bool forward,uint96 bond,address counterparty,uint64 nonce,"
        "uint64 counter,uint40 deadline)";
    /// @dev The compiler would hash a constant's bytes anew each time.
    bytes32 private immutable ORDER_TYPEHASH = keccak256(ORDER_TYPE);
    /// @dev Bytes of an order's members.
    uint256 internal constant ORDER_SIZE = 15 * 32;
    uint256 private constant MOST_BULK_LEVELS = 16;

    /// @dev What is filled of eight orders: 31 bits of Wh per lane, the guard bit meaning cancelled. A struct, so that its
    /// place in storage is looked up once and then handed on.
    struct Fills {
        uint256 lanes;
    }

    mapping(address maker => mapping(uint256 nonceDiv8 => Fills)) private _fills;
    mapping(address maker => mapping(address currency => mapping(address delegate => uint256))) internal _allowances;

    constructor() EIP712("Wattline", "1") {}

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev A copy of an order to work with, and its EIP-712 hash. Every member is a static type of one word, so an order
    /// looks the same in calldata and in memory, where reading a member costs a fraction: it is cut to its type, not
    /// checked. One with dirty upper bits is read without them, and hashes to what nobody signed.
    function _read(Order calldata signed) internal view returns (Order memory order, bytes32 structHash) {
        uint256 size = ORDER_SIZE;
        assembly ("memory-safe") {
            calldatacopy(order, signed, size)
        }
        structHash = _structHash(order);
    }

    /// @dev The EIP-712 hash of an order's members.
    function _structHash(Order memory order) internal view returns (bytes32 structHash) {
        bytes32 typeHash = ORDER_TYPEHASH;
        uint256 size = ORDER_SIZE;
        // An order is its EIP-712 encodeData as it stands, but for the type's hash in front. That takes for a moment the
        // place of whatever lies there: a tenth of the cost of `abi.encode`.
        assembly ("memory-safe") {
            let front := sub(order, 0x20)
            let kept := mload(front)
            mstore(front, typeHash)
            structHash := keccak256(front, add(size, 0x20))
            mstore(front, kept)
        }
    }

    /// @dev What is wrong with an order for a taker of energy from `source`: the selector of the error that says so, or
    /// zero. Signature and fill are judged elsewhere.
    function _defectOf(
        Order memory order,
        uint64 counter,
        address taker,
        Source source
    ) internal view returns (bytes4) {
        if (block.timestamp > order.deadline) return IOrders.Orders_Expired.selector;
        if (order.counter != counter) return IOrders.Orders_CounterRaised.selector;
        address counterparty = order.counterparty;
        if (counterparty != address(0) && counterparty != taker) return IOrders.Orders_NotCounterparty.selector;
        if ((order.sources >> uint8(source)) & 1 == 0) return IOrders.Orders_SourceNotNamed.selector;
        return 0;
    }

    /// @dev Reverts with the named defect and its values.
    function _checkOrder(Order memory order, uint64 counter, address taker, Source source) internal view {
        bytes4 defect = _defectOf(order, counter, taker, source);
        if (defect == 0) return;
        if (defect == IOrders.Orders_Expired.selector) revert IOrders.Orders_Expired(order.deadline, block.timestamp);
        if (defect == IOrders.Orders_CounterRaised.selector)
            revert IOrders.Orders_CounterRaised(order.maker, order.counter, counter);
        if (defect == IOrders.Orders_NotCounterparty.selector)
            revert IOrders.Orders_NotCounterparty(order.counterparty, taker);
        revert IOrders.Orders_SourceNotNamed(order.sources, uint8(source));
    }

    /// @dev Who signed an order for its maker.
    /// @return valid Whether anyone who may did.
    /// @return delegate The maker's delegate who did, or zero when it was the maker.
    function _signerOf(
        address maker,
        address currency,
        bytes32 structHash,
        bytes32 orderHash,
        bytes calldata signature
    ) internal view returns (bool valid, address delegate) {
        // The signatures of several owners, one behind the other, can be as long as a bulk signature.
        if (signature.length > 65) {
            (bool isBulk, bytes32 digest, bytes calldata plain) = _bulk(structHash, signature);
            if (isBulk) (valid, delegate) = _plainSignerOf(maker, currency, digest, plain);
            if (valid) return (true, delegate);
        }
        return _plainSignerOf(maker, currency, orderHash, signature);
    }

    /// @dev As {_signerOf}, for a signature over `digest` that is not a bulk one.
    function _plainSignerOf(
        address maker,
        address currency,
        bytes32 digest,
        bytes calldata signature
    ) private view returns (bool valid, address delegate) {
        address signer = Signatures.signerOf(digest, signature);
        if (signer != address(0)) {
            if (signer == maker) return (true, address(0));
            if (_allowances[maker][currency][signer] != 0) return (true, signer);
        }
        return (Signatures.isAcceptedBy(maker, digest, signature), address(0));
    }

    /// @dev Reverts unless the order is signed; returns as {_signerOf}.
    function _checkSignature(
        address maker,
        address currency,
        bytes32 structHash,
        bytes32 orderHash,
        bytes calldata signature
    ) internal view returns (address delegate) {
        bool valid;
        (valid, delegate) = _signerOf(maker, currency, structHash, orderHash, signature);
        if (!valid) revert IOrders.Orders_BadSignature(maker, orderHash);
    }

    function _allowance(address maker, address currency, address delegate) internal view returns (uint256) {
        return _allowances[maker][currency][delegate];
    }

    /// @dev Takes `amount` off a delegate's allowance.
    function _draw(address maker, address currency, address delegate, uint256 amount) internal {
        uint256 left = _allowances[maker][currency][delegate];
        if (amount > left) revert IOrders.Orders_AllowanceExceeded(maker, delegate, left, amount);
        unchecked {
            _allowances[maker][currency][delegate] = left - amount;
        }
        emit IOrders.Drawn(maker, currency, delegate, amount);
    }

    /// @dev Reverts unless a profile that is well formed lies within the order's slots.
    function _checkWithin(Order memory order, uint256 firstBlock, Profile[] calldata energy) internal pure {
        if (_isWithin(order.firstSlot, order.lastSlot, firstBlock, energy)) return;
        for (uint256 i = 0; ; ++i) {
            uint256 blockNumber = firstBlock + i;
            uint256 mask = ProfileLib.maskOf(blockNumber, order.firstSlot, order.lastSlot);
            uint256 stray = Profile.unwrap(energy[i]) & ~mask;
            if (stray == 0) continue;
            uint256 slot = blockNumber * ProfileLib.LANES;
            for (; uint32(stray) == 0; stray >>= 32) ++slot;
            revert IOrders.Orders_OutsideSlots(slot, order.firstSlot, order.lastSlot);
        }
    }

    /// @dev Whether a profile has energy in the slots `firstSlot` to `lastSlot` only, both included.
    function _isWithin(
        uint256 firstSlot,
        uint256 lastSlot,
        uint256 firstBlock,
        Profile[] calldata energy
    ) internal pure returns (bool) {
        unchecked {
            // A block fits 32 bits.
            uint256 start = firstBlock * ProfileLib.LANES;
            if (start >= firstSlot && start + energy.length * ProfileLib.LANES <= lastSlot + 1) return true;
            uint256 stray;
            for (uint256 i = 0; i < energy.length; ++i) {
                stray |= Profile.unwrap(energy[i]) & ~ProfileLib.maskOf(firstBlock + i, firstSlot, lastSlot);
            }
            return stray == 0;
        }
    }

    /// @dev The Wh of a profile from outside, which must be well formed.
    function _sumOf(Profile[] calldata energy) internal pure returns (uint256 total) {
        unchecked {
            // A sum has 34 bits, and calldata holds fewer than 2^30 words.
            for (uint256 i = 0; i < energy.length; ++i) {
                total += ProfileLib.checked(Profile.unwrap(energy[i])).sum();
            }
        }
    }

    /// @dev Where the fill of a maker's order is kept.
    function _fillsOf(address maker, uint64 nonce) internal view returns (Fills storage) {
        return _fills[maker][nonce / 8];
    }

    /// @dev Why `energy` more Wh can't be filled of an order: the selector of the error that says so, or zero.
    /// @param lanes What is filled of it, as in {Fills}.
    function _fillDefectOf(Order memory order, uint256 lanes, uint256 energy) internal pure returns (bytes4) {
        unchecked {
            // With its guard bit set, the lane of a cancelled order exceeds all that can be signed.
            uint256 filled = uint32(lanes >> ((order.nonce % 8) * 32));
            if (filled + energy <= _signedEnergy(order)) return 0;
            return
                filled > ProfileLib.LANE_MAX ? IOrders.Orders_IsCancelled.selector : IOrders.Orders_Overfilled.selector;
        }
    }

    /// @dev `lanes` with `energy` Wh more of an order, against which {_fillDefectOf} has found nothing.
    function _filled(uint256 lanes, uint64 nonce, uint256 energy) internal pure returns (uint256) {
        unchecked {
            return lanes + (energy << ((nonce % 8) * 32));
        }
    }

    /// @dev Adds `energy` Wh to what is filled of an order.
    function _fill(Order memory order, uint256 energy) internal {
        (address maker, uint64 nonce) = (order.maker, order.nonce);
        Fills storage fills = _fillsOf(maker, nonce);
        uint256 lanes = fills.lanes;
        bytes4 defect = _fillDefectOf(order, lanes, energy);
        if (defect == IOrders.Orders_IsCancelled.selector) revert IOrders.Orders_IsCancelled(maker, nonce);
        if (defect != 0) revert IOrders.Orders_Overfilled(maker, nonce, _leftOf(order, lanes), energy);
        fills.lanes = _filled(lanes, nonce, energy);
    }

    /// @dev Wh of an order that are not filled yet.
    /// @param lanes What is filled of it, as in {Fills}.
    function _leftOf(Order memory order, uint256 lanes) internal pure returns (uint256) {
        uint256 filled = Profile.wrap(lanes).lane(order.nonce % 8);
        uint256 signed = _signedEnergy(order);
        return signed > filled ? signed - filled : 0;
    }

    /// @dev A signature for more than a lane holds is good for what a lane holds.
    function _signedEnergy(Order memory order) private pure returns (uint256) {
        uint256 signed = order.energy;
        return signed > ProfileLib.LANE_MAX ? ProfileLib.LANE_MAX : signed;
    }

    /// @dev Unfolds a bulk signature: what was signed, and by which plain signature. `isBulk` is false when the length
    /// is none of a bulk signature.
    function _bulk(
        bytes32 structHash,
        bytes calldata signature
    ) private view returns (bool isBulk, bytes32 digest, bytes calldata plain) {
        // 64 or 65 bytes, the index, then 1 to 16 words.
        uint256 plainLength = 64 + (signature.length % 2);
        uint256 rest = signature.length - plainLength;
        uint256 levels = rest / 32;
        if (rest % 32 != 2 || levels == 0 || levels > MOST_BULK_LEVELS) return (false, digest, signature);
        plain = signature[:plainLength];
        uint256 index = uint16(bytes2(signature[plainLength:plainLength + 2]));
        bytes32 node = structHash;
        bytes memory brackets;
        for (uint256 level = 0; level < levels; ++level) {
            uint256 start = plainLength + 2 + level * 32;
            bytes32 sibling = bytes32(signature[start:start + 32]);
            node =
                (index >> level) & 1 == 0
                    ? keccak256(abi.encodePacked(node, sibling))
                    : keccak256(abi.encodePacked(sibling, node));
            brackets = bytes.concat(brackets, "[2]");
        }
        bytes32 typeHash = keccak256(bytes.concat("BulkOrder(Order", brackets, " tree)", ORDER_TYPE));
        return (true, _hashTypedDataV4(keccak256(abi.encode(typeHash, node))), plain);
    }

    function _guardBit(uint64 nonce) internal pure returns (uint256) {
        unchecked {
            return 1 << ((nonce % 8) * 32 + 31);
        }
    }
}
