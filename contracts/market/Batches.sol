// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters } from "../interfaces/IMeters.sol";
import { Mode, Terms } from "../interfaces/IMicrogrids.sol";
import { Order, Side } from "../interfaces/IOrders.sol";
import { ISettlement, Match } from "../interfaces/ISettlement.sol";
import { ISpot } from "../interfaces/ISpot.sol";
import { ITrading } from "../interfaces/ITrading.sol";
import { Source } from "../libraries/EnergyId.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Room } from "./Room.sol";

/// @notice A batch as it lies in memory: every order and every match is read from the calldata once, checked and judged.
abstract contract Batches is Room {
    /// @dev Bytes of {Judged} and {Trade}.
    uint256 private constant JUDGED_SIZE = 5 * 32;
    uint256 private constant TRADE_SIZE = 7 * 32;

    /// @dev One order of the batch, read and judged once.
    struct Judged {
        Order order;
        bytes32 orderHash;
        bool signed;
        // who signed for the maker, zero when it was the maker
        address delegate;
        // a critical load's bid; only known while islanded
        bool critical;
    }

    /// @dev One match of the batch, read once.
    struct Trade {
        Judged offered;
        Judged wanted;
        Source source;
        uint256 firstBlock;
        // where the profile lies in the calldata, and its words
        uint256 profileAt;
        uint256 blocks;
        // Wh, zero as long as it is not settled
        uint256 energy;
    }

    /// @dev The batch as a whole.
    struct Batch {
        uint32 microgrid;
        Terms terms;
        IMeters meters;
        IEnergyToken energy;
        // while islanded; no limit otherwise
        uint256 priceCap;
        uint256 firstBlock;
        // per slot from firstBlock on: the highest offer with fee, later the price; and one more than the lowest bid,
        // zero for none
        uint256[] prices;
        uint256[] bids;
        Judged[] judged;
        Trade[] trades;
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Checks what concerns the batch as a whole, and every signature.
    function _open(
        Order[] calldata orders,
        bytes[] calldata signatures,
        Match[] calldata matches
    ) internal view returns (Batch memory batch) {
        if (orders.length == 0 || matches.length == 0) revert ISettlement.Settlement_Empty();
        if (orders.length != signatures.length)
            revert ISettlement.Settlement_LengthMismatch(orders.length, signatures.length);
        batch.microgrid = orders[0].microgrid;
        (batch.meters, batch.energy) = (_meters(), _energy());
        batch.terms = batch.meters.termsOf(batch.microgrid);
        if (batch.terms.mode == Mode.Closed) revert ITrading.Trading_Closed(batch.microgrid);
        batch.priceCap = type(uint256).max;
        if (batch.terms.mode == Mode.Islanded) (batch.priceCap, ) = batch.meters.islandRulesOf(batch.microgrid);
        _judge(batch, orders, signatures);
        _read(batch, matches);
    }

    /// @dev Reads all orders and finds out who signed them.
    function _judge(Batch memory batch, Order[] calldata orders, bytes[] calldata signatures) private view {
        (bytes32 domain, address currency) = (_domainSeparatorV4(), batch.terms.currency);
        Judged[] memory all;
        uint256 room = _roomFor(orders.length, JUDGED_SIZE + ORDER_SIZE);
        assembly ("memory-safe") {
            all := room
        }
        batch.judged = all;
        for (uint256 i = 0; i < orders.length; ++i) {
            Judged memory judged = all[i];
            _copyBehind(judged, orders[i]);
            Order memory order = judged.order;
            if (order.microgrid != batch.microgrid) {
                revert ISettlement.Settlement_MixedMicrogrids(batch.microgrid, order.microgrid);
            }
            if (order.forward) revert ISpot.Spot_IsForward(order.maker, order.nonce);
            bytes32 structHash = _structHash(order);
            bytes32 orderHash = MessageHashUtils.toTypedDataHash(domain, structHash);
            judged.orderHash = orderHash;
            (judged.signed, judged.delegate) = _signerOf(order.maker, currency, structHash, orderHash, signatures[i]);
        }
    }

    /// @dev As {Book-_read}, into the room behind `judged`.
    function _copyBehind(Judged memory judged, Order calldata signed) private pure {
        (uint256 judgedSize, uint256 orderSize) = (JUDGED_SIZE, ORDER_SIZE);
        assembly ("memory-safe") {
            let order := add(judged, judgedSize)
            mstore(judged, order)
            calldatacopy(order, signed, orderSize)
        }
    }

    /// @dev Reads all matches, and makes room for the prices of the slots that they cover.
    function _read(Batch memory batch, Match[] calldata matches) private pure {
        Trade[] memory trades;
        uint256 room = _roomFor(matches.length, TRADE_SIZE);
        assembly ("memory-safe") {
            trades := room
        }
        batch.trades = trades;
        Judged[] memory judged = batch.judged;
        (uint256 first, uint256 end) = (type(uint256).max, 0);
        for (uint256 i = 0; i < matches.length; ++i) {
            (Match calldata matched, Trade memory trade) = (matches[i], trades[i]);
            (uint256 offer, uint256 bid) = (matched.offer, matched.bid);
            _checkIndex(i, offer, judged.length);
            _checkIndex(i, bid, judged.length);
            (trade.offered, trade.wanted) = (judged[offer], judged[bid]);
            if (trade.offered.order.side != Side.Offer) revert ISettlement.Settlement_WrongSide(i, offer);
            if (trade.wanted.order.side != Side.Bid) revert ISettlement.Settlement_WrongSide(i, bid);
            Profile[] calldata profile = matched.energy;
            uint256 firstBlock = matched.firstBlock;
            (trade.source, trade.firstBlock, trade.blocks) = (matched.source, firstBlock, profile.length);
            uint256 profileAt;
            assembly ("memory-safe") {
                profileAt := profile.offset
            }
            (trade.profileAt, trade.energy) = (profileAt, 0);
            if (firstBlock < first) first = firstBlock;
            unchecked {
                // A block fits 32 bits.
                if (firstBlock + profile.length > end) end = firstBlock + profile.length;
            }
        }
        batch.firstBlock = first;
        batch.prices = new uint256[]((end - first) * ProfileLib.LANES);
        batch.bids = new uint256[]((end - first) * ProfileLib.LANES);
    }

    function _checkIndex(uint256 matchIndex, uint256 order, uint256 orders) private pure {
        if (order >= orders) revert ISettlement.Settlement_BadIndex(matchIndex, order, orders);
    }

    /// @dev Room in memory for an array of `count` structs of `size` bytes, all of which must be filled before they are
    /// read. Solidity would fill it with zeros first, those inside it too.
    function _roomFor(uint256 count, uint256 size) private pure returns (uint256 array) {
        assembly ("memory-safe") {
            // An array of pointers, then what they point to.
            array := mload(0x40)
            mstore(array, count)
            let pointer := add(array, 0x20)
            let next := add(pointer, mul(count, 0x20))
            for {
                let end := next
            } lt(pointer, end) {
                pointer := add(pointer, 0x20)
            } {
                mstore(pointer, next)
                next := add(next, size)
            }
            mstore(0x40, next)
        }
    }

    /// @dev The energy of a match.
    function _profileOf(Trade memory trade) internal pure returns (Profile[] calldata profile) {
        (uint256 at, uint256 length) = (trade.profileAt, trade.blocks);
        assembly ("memory-safe") {
            profile.offset := at
            profile.length := length
        }
    }
}
