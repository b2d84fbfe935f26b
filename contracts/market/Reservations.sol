// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IForwards, Position } from "../interfaces/IForwards.sol";
import { Order } from "../interfaces/IOrders.sol";
import { Profile } from "../libraries/Profile.sol";
import { Module } from "./Module.sol";

/// @notice How a forward becomes a position, whether it was taken or matched. See {IForwards}.
abstract contract Reservations is Module {
    /// @dev Promises the energy of a deal that was struck and locks its money. When the meter can't promise it, nothing is done.
    /// @return reserved Whether it could.
    /// @return failure The meters' error if not.
    function _reserve(Deal memory deal) internal returns (bool reserved, bytes memory failure) {
        (Order memory offer, Order memory bid) = (deal.offered.order, deal.wanted.order);
        try
            _meters().commit(
                offer.meter,
                offer.maker,
                offer.microgrid,
                deal.source,
                uint32(deal.firstBlock),
                deal.sent,
                bid.mostAhead
            )
        returns (Profile[] memory ahead) {
            _book(deal);
            _record(deal, offer, bid, ahead);
            return (true, failure);
        } catch (bytes memory why) {
            return (false, why);
        }
    }

    /// @dev Who may act for a party beside itself: the delegate that signed, or who signs firm orders under its lock.
    function _actsFor(Party memory party) private view returns (address) {
        if (!_isFirmNonce(party.order.nonce)) return party.delegate;
        return _lockOf(party.community.currency, party.order.maker).signer;
    }

    function _record(Deal memory deal, Order memory offer, Order memory bid, Profile[] memory ahead) private {
        Position memory position = Position({
            seller: offer.maker,
            buyer: bid.maker,
            meter: offer.meter,
            source: deal.source,
            from: offer.microgrid,
            to: bid.microgrid,
            currency: deal.offered.community.currency,
            // Neither exceeds 96 bits, see {Deals-_meets}.
            price: uint96(deal.price),
            perArrived: !deal.countsSent,
            charge: uint96(deal.charge),
            bond: offer.bond,
            lossBps: uint16(deal.lossBps),
            buyerDelegate: _actsFor(deal.wanted),
            rationed: deal.rationed,
            firstBlock: uint32(deal.firstBlock),
            energy: deal.sent,
            ahead: ahead
        });
        // What {IForwards-Reserved} says ends with the position, encoded as for its id but for the offset in front.
        bytes memory data = abi.encode(offer.nonce, bid.nonce, deal.cost, deal.bonded, position);
        bytes32 id;
        assembly ("memory-safe") {
            let front := add(data, 0xa0)
            mstore(front, 0x20)
            id := keccak256(front, sub(mload(data), 0x80))
            mstore(front, 0xa0)
        }
        uint256 blocks;
        for (uint256 i = 0; i < deal.sent.length; ++i) {
            if (!deal.sent[i].isZero()) blocks |= 1 << i;
        }
        // What the meter has promised before is part of the id, so no two positions have the same.
        _open[id] = blocks;
        (bytes32 topic, bytes32 offerHash) = (IForwards.Reserved.selector, deal.offered.orderHash);
        bytes32 bidHash = deal.wanted.orderHash;
        assembly ("memory-safe") {
            log4(add(data, 0x20), mload(data), topic, id, offerHash, bidHash)
        }
    }
}
