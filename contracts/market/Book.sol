// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import { Account } from "../interfaces/IEscrow.sol";
import { Allowance, IOrders, Order } from "../interfaces/IOrders.sol";
import { ProfileLib } from "../libraries/Profile.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { Accounts } from "./Accounts.sol";

/// @notice What makers signed, and how much of it is filled. See {IOrders}.
abstract contract Book is Accounts, EIP712 {
    /// @dev All that trades need to know of a microgrid, read once a call.
    struct Community {
        uint32 microgrid;
        address currency;
        uint256 slotSeconds;
        // one schedule of one level, never islanded nor closed: all slots then have this fee and this price
        bool plain;
        uint256 fee;
        uint256 price;
        bool priced;
    }

    /// @dev One side of a deal: a signed order, read and judged once a call, or a taker, who signs nothing.
    struct Party {
        Order order;
        Community community;
        // what the maker signed; zero for a taker
        bytes32 orderHash;
        // what is wrong with the order whatever it meets: the selector of an error, or zero
        bytes4 defect;
        // who signed for the maker, zero when it was the maker
        address delegate;
        // what the signature covers, and where that lies in the calldata; known unless the maker's own key has signed
        bytes32 digest;
        uint256 signatureAt;
        uint256 signatureLength;
        // whether the maker's contract was asked
        bool asked;
        // where fills and account lie in storage, and the word of fills that {_leftOf} has read last
        bytes32 fillsAt;
        bytes32 accountAt;
        uint256 lanes;
    }

    /// @dev What is filled of eight orders: 31 bits of Wh per lane, the guard bit meaning cancelled. A struct, so that its
    /// place in storage is looked up once and then handed on.
    struct Fills {
        uint256 lanes;
    }

    bytes private constant ORDER_TYPE =
        "Order(address maker,address meter,uint32 microgrid,uint8 side,uint8 sources,uint32 firstSlot,"
        "uint32 lastSlot,uint32 energy,uint96 price,bool forward,uint96 bond,uint32 mostAhead,bool crosses,"
        "address counterparty,address settler,uint64 nonce,uint64 counter,uint40 deadline)";
    /// @dev The compiler would hash a constant's bytes anew each time.
    bytes32 private immutable ORDER_TYPEHASH = keccak256(ORDER_TYPE);

    /// @dev Bytes of {Order} and {Party}.
    uint256 private constant ORDER_SIZE = 18 * 32;
    uint256 private constant PARTY_SIZE = 12 * 32;
    /// @dev Bits of an order's members, a byte each, the first one highest.
    uint256 private constant ORDER_BITS = (0xa0a02001_08202020_60016020_01a0a040_4028 << 112);
    uint256 private constant MEMBERS = 18;

    /// @dev The settler of limits that anyone may fill. No call comes from it.
    address internal constant EVERYBODY = address(1);
    uint256 private constant FIRST_FIRM = 2 ** 63;

    bytes4 private constant BULK = "bulk";
    uint256 private constant BULK_END = 6;
    uint256 private constant MOST_BULK_LEVELS = 16;

    mapping(bytes32 key => mapping(uint256 nonceDiv8 => Fills)) private _fills;
    mapping(address maker => mapping(address currency => mapping(address delegate => Allowance))) internal _allowances;

    constructor() EIP712("Wattline", "2") {}

    // =================================================================================================
    // Reading
    // =================================================================================================

    /// @dev Room in memory for `count` parties and their orders; all of it must be filled before it is read. Solidity would
    /// fill it with zeros first.
    function _roomForParties(uint256 count) internal pure returns (Party[] memory parties) {
        (uint256 partySize, uint256 orderSize) = (PARTY_SIZE, ORDER_SIZE);
        assembly ("memory-safe") {
            // An array of pointers, then what they point to.
            parties := mload(0x40)
            mstore(parties, count)
            let pointer := add(parties, 0x20)
            let next := add(pointer, mul(count, 0x20))
            for {
                let end := next
            } lt(pointer, end) {
                pointer := add(pointer, 0x20)
            } {
                mstore(pointer, next)
                mstore(next, add(next, partySize))
                next := add(next, add(partySize, orderSize))
            }
            // The word in front of an order is for its type's hash, see {_structHash}.
            mstore(0x40, next)
        }
    }

    /// @dev Copies an order as it lies in the calldata: every member is one word there as in memory. A stray bit in any of
    /// them is refused, so that what is read is what is hashed.
    function _read(Order memory order, Order calldata signed) internal pure {
        uint256 size = ORDER_SIZE;
        uint256 stray;
        // The members' bits are those of {ORDER_BITS}, the members of one width together; a loop over them would take several
        // times as much.
        assembly ("memory-safe") {
            calldatacopy(order, signed, size)
            let wide := or(or(mload(order), mload(add(order, 0x20))), mload(add(order, 0x1a0)))
            stray := shr(160, or(wide, mload(add(order, 0x1c0))))
            wide := or(or(mload(add(order, 0x40)), mload(add(order, 0xa0))), mload(add(order, 0xc0)))
            stray := or(stray, shr(32, or(wide, or(mload(add(order, 0xe0)), mload(add(order, 0x160))))))
            wide := or(or(mload(add(order, 0x60)), mload(add(order, 0x120))), mload(add(order, 0x180)))
            stray := or(stray, or(shr(1, wide), shr(8, mload(add(order, 0x80)))))
            stray := or(stray, shr(96, or(mload(add(order, 0x100)), mload(add(order, 0x140)))))
            stray := or(stray, shr(64, or(mload(add(order, 0x1e0)), mload(add(order, 0x200)))))
            stray := or(stray, shr(40, mload(add(order, 0x220))))
        }
        if (stray != 0) _refuseStray(signed);
    }

    function _refuseStray(Order calldata signed) private pure {
        uint256 widths = ORDER_BITS;
        for (uint256 member = 0; member < MEMBERS; ++member) {
            bool stray;
            assembly ("memory-safe") {
                stray := iszero(iszero(shr(byte(member, widths), calldataload(add(signed, shl(5, member))))))
            }
            if (stray) revert IOrders.Orders_StrayBits(member);
        }
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

    // =================================================================================================
    // Judging
    // =================================================================================================

    /// @dev Finds out whether a party's order, which {_read} has read, stands, whatever it meets.
    /// @param domain The domain's separator.
    /// @param settling Whether the caller settles, rather than takes.
    function _judge(
        Party memory party,
        bytes calldata signature,
        Community memory community,
        bytes32 domain,
        bool settling
    ) internal view {
        Order memory order = party.order;
        address maker = order.maker;
        Account storage account = _account(community.currency, maker);
        bytes32 structHash = _structHash(order);
        party.community = community;
        party.orderHash = MessageHashUtils.toTypedDataHash(domain, structHash);
        (party.delegate, party.asked) = (address(0), false);
        bytes32 accountAt;
        assembly ("memory-safe") {
            accountAt := account.slot
        }
        party.accountAt = accountAt;
        bytes32 key = bytes32(uint256(uint160(maker)));
        bytes4 defect;
        bool firm = order.nonce >= FIRST_FIRM;
        address settler = order.settler;
        if (block.timestamp > order.deadline) {
            defect = IOrders.Orders_Expired.selector;
        } else if (settling ? settler > EVERYBODY && settler != msg.sender : settler != address(0)) {
            defect = IOrders.Orders_NotSettler.selector;
        } else if (!firm) {
            if (order.counter != account.counter) defect = IOrders.Orders_CounterRaised.selector;
        } else if (!_isFirm(order, community.currency, account.lockedUntil)) {
            defect = IOrders.Orders_NoLock.selector;
        }
        if (firm) key = keccak256(abi.encode(maker, community.currency, settler));
        Fills storage fills = _fills[key][order.nonce / ProfileLib.LANES];
        bytes32 fillsAt;
        assembly ("memory-safe") {
            fillsAt := fills.slot
        }
        party.fillsAt = fillsAt;
        if (defect == 0 && !_isSigned(party, structHash, signature, domain, firm)) {
            defect = IOrders.Orders_BadSignature.selector;
        }
        party.defect = defect;
    }

    /// @dev Whether a lock in force makes a firm order what it is.
    function _isFirm(Order memory order, address currency, uint256 lockedUntil) private view returns (bool) {
        return
            block.timestamp < lockedUntil &&
            order.deadline <= lockedUntil &&
            order.counter == 0 &&
            order.settler == _lockOf(currency, order.maker).settler;
    }

    /// @dev Whether somebody who may has signed; notes who and what.
    function _isSigned(
        Party memory party,
        bytes32 structHash,
        bytes calldata signature,
        bytes32 domain,
        bool firm
    ) private view returns (bool) {
        bytes32 digest = party.orderHash;
        (uint256 levels, uint256 length) = _bulkOf(signature);
        if (levels != 0) {
            digest = MessageHashUtils.toTypedDataHash(domain, _treeHash(structHash, signature, levels, length));
            signature = signature[:length];
        }
        address maker = party.order.maker;
        address signer = Signatures.signerOf(digest, signature);
        if (signer == maker && signer != address(0)) return true;
        uint256 place;
        assembly ("memory-safe") {
            place := signature.offset
        }
        (party.digest, party.signatureAt, party.signatureLength) = (digest, place, signature.length);
        address currency = party.community.currency;
        if (signer != address(0)) {
            if (firm) return signer == _lockOf(currency, maker).signer;
            Allowance storage allowance = _allowances[maker][currency][signer];
            if (allowance.amount != 0 && block.timestamp <= allowance.until) {
                party.delegate = signer;
                return true;
            }
        }
        return !firm && _isAccepted(party);
    }

    /// @dev Whether the maker's contract stands by the signature. It is asked once a call.
    function _isAccepted(Party memory party) private view returns (bool) {
        if (party.asked) return false;
        party.asked = true;
        (uint256 place, uint256 length) = (party.signatureAt, party.signatureLength);
        bytes calldata signature;
        assembly ("memory-safe") {
            signature.offset := place
            signature.length := length
        }
        return Signatures.isAcceptedBy(party.order.maker, party.digest, signature);
    }

    /// @dev What a bulk signature consists of.
    /// @return levels Of the tree; zero when it is none.
    /// @return length Bytes of the plain signature in front.
    function _bulkOf(bytes calldata signature) private pure returns (uint256 levels, uint256 length) {
        unchecked {
            // 64 or 65 bytes, 1 to 16 words, the index, the mark.
            if (signature.length < 64 + 32 + BULK_END) return (0, 0);
            if (bytes4(signature[signature.length - 4:]) != BULK) return (0, 0);
            uint256 rest = (signature.length - BULK_END) % 32;
            length = 64 + rest;
            levels = (signature.length - BULK_END - length) / 32;
            if (rest > 1 || levels > MOST_BULK_LEVELS) return (0, 0);
        }
    }

    /// @dev The EIP-712 hash of the tree in which an order lies.
    function _treeHash(
        bytes32 structHash,
        bytes calldata signature,
        uint256 levels,
        uint256 length
    ) private pure returns (bytes32 node) {
        node = structHash;
        uint256 index = uint16(bytes2(signature[signature.length - BULK_END:]));
        bytes memory brackets;
        for (uint256 level = 0; level < levels; ++level) {
            bytes32 sibling = bytes32(signature[length + level * 32:]);
            node =
                (index >> level) & 1 == 0
                    ? keccak256(abi.encodePacked(node, sibling))
                    : keccak256(abi.encodePacked(sibling, node));
            brackets = bytes.concat(brackets, "[2]");
        }
        bytes32 typeHash = keccak256(bytes.concat("BulkOrder(Order", brackets, " tree)", ORDER_TYPE));
        return keccak256(abi.encode(typeHash, node));
    }

    // =================================================================================================
    // Fills and allowances
    // =================================================================================================

    /// @dev Wh that are left of a party's order; all that a lane holds of a taker.
    /// @return left The Wh.
    /// @return defect When nothing is left: why.
    function _leftOf(Party memory party) internal view returns (uint256 left, bytes4 defect) {
        if (party.orderHash == 0) return (ProfileLib.LANE_MAX, 0);
        uint256 lanes = _fillsAt(party.fillsAt).lanes;
        party.lanes = lanes;
        uint256 filled = uint32(lanes >> _laneOf(party.order.nonce));
        // With its guard bit set, the lane of a cancelled order exceeds all that can be signed.
        if (filled > ProfileLib.LANE_MAX) return (0, IOrders.Orders_IsCancelled.selector);
        uint256 signed = party.order.energy;
        if (signed > ProfileLib.LANE_MAX) signed = ProfileLib.LANE_MAX;
        if (filled >= signed) return (0, IOrders.Orders_Filled.selector);
        unchecked {
            return (signed - filled, 0);
        }
    }

    /// @dev Adds Wh that {_leftOf} has just found to be left to what is filled of a party's order.
    function _fill(Party memory party, uint256 energy) internal {
        if (party.orderHash == 0) return;
        unchecked {
            _fillsAt(party.fillsAt).lanes = party.lanes + (energy << _laneOf(party.order.nonce));
        }
    }

    /// @dev Why a party for which a delegate has signed can't draw `amount` on its allowance, or zero. A contract wallet may
    /// have its delegate's key for an owner: it is asked whether the signature is its own.
    function _allowanceDefectOf(Party memory party, uint256 amount) internal view returns (bytes4) {
        address currency = party.community.currency;
        if (amount <= _allowances[party.order.maker][currency][party.delegate].amount) return 0;
        if (!_isAccepted(party)) return IOrders.Orders_AllowanceExceeded.selector;
        party.delegate = address(0);
        return 0;
    }

    /// @dev Draws an amount in which {_allowanceDefectOf} has found nothing wrong.
    function _draw(Party memory party, uint256 amount) internal {
        (address maker, address currency, address delegate) = (
            party.order.maker,
            party.community.currency,
            party.delegate
        );
        Allowance storage allowance = _allowances[maker][currency][delegate];
        unchecked {
            allowance.amount = uint120(allowance.amount - amount);
        }
        emit IOrders.Drawn(maker, currency, delegate, amount);
    }

    /// @dev Where the fill of a maker's order that is not firm is kept.
    function _fillsOf(address maker, uint64 nonce) internal view returns (Fills storage) {
        return _fills[bytes32(uint256(uint160(maker)))][nonce / ProfileLib.LANES];
    }

    /// @dev Where the fill of a maker's firm order is kept.
    function _firmFillsOf(
        address maker,
        address currency,
        address settler,
        uint64 nonce
    ) internal view returns (Fills storage) {
        return _fills[keccak256(abi.encode(maker, currency, settler))][nonce / ProfileLib.LANES];
    }

    /// @dev Orders with such a nonce are firm, see {IEscrow-lock}.
    function _isFirmNonce(uint64 nonce) internal pure returns (bool) {
        return nonce >= FIRST_FIRM;
    }

    function _fillsAt(bytes32 place) private pure returns (Fills storage fills) {
        assembly ("memory-safe") {
            fills.slot := place
        }
    }

    function _accountAt(bytes32 place) internal pure returns (Account storage account) {
        assembly ("memory-safe") {
            account.slot := place
        }
    }

    function _laneOf(uint64 nonce) internal pure returns (uint256 bits) {
        unchecked {
            return (nonce % ProfileLib.LANES) * 32;
        }
    }
}
