// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC1155Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import { IDeals } from "../interfaces/IDeals.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { Order, Side } from "../interfaces/IOrders.sol";
import { ISettlement, Match } from "../interfaces/ISettlement.sol";
import { EnergyId, Source } from "../libraries/EnergyId.sol";
import { Reservations } from "./Reservations.sol";

/// @notice Matching signed orders with each other. See {ISettlement}.
contract Settlement is Reservations {
    /// @dev How far ahead slots may start: as long as the notice of a schedule.
    uint256 private constant MOST_AHEAD = 7 days;

    /// @dev The energy, asked for once; and what a run of matches between the same microgrids owes to their DSOs.
    struct Batch {
        IEnergyToken energy;
        address currency;
        uint32 from;
        uint32 to;
        uint256 amount;
    }

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @notice See {ISettlement-settle}.
    function settle(Order[] calldata orders, bytes[] calldata signatures, Match[] calldata matches) external {
        if (orders.length == 0 || matches.length == 0) revert ISettlement.Settlement_Empty();
        if (orders.length != signatures.length)
            revert ISettlement.Settlement_LengthMismatch(orders.length, signatures.length);
        Party[] memory parties = _judgeAll(orders, signatures);
        Deal memory deal = _roomForDeal()[0];
        Batch memory batch;
        batch.energy = _energy();
        for (uint256 i = 0; i < matches.length; ++i) {
            _arrange(deal, parties, matches[i], i);
            bytes4 reason = _matchDefectOf(deal);
            if (reason == 0) reason = _strike(deal);
            if (reason == 0) reason = _fundsDefectOf(deal);
            if (reason == 0) reason = deal.offered.order.forward ? _promise(deal) : _exchange(deal, batch);
            if (reason != 0) {
                emit ISettlement.Skipped(deal.offered.orderHash, deal.wanted.orderHash, reason);
            }
        }
        _payDsos(batch.currency, batch.from, batch.to, batch.amount);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Reads all orders and finds out which stand.
    function _judgeAll(
        Order[] calldata orders,
        bytes[] calldata signatures
    ) private view returns (Party[] memory parties) {
        parties = _roomForParties(orders.length);
        bytes32 domain = _domainSeparatorV4();
        Community memory community;
        for (uint256 i = 0; i < orders.length; ++i) {
            Party memory party = parties[i];
            _read(party.order, orders[i]);
            uint32 microgrid = party.order.microgrid;
            // Most batches are of one microgrid.
            if (i == 0 || microgrid != community.microgrid) community = _communityOf(microgrid);
            _judge(party, signatures[i], community, domain, true);
        }
    }

    /// @dev Makes a deal of a match. All its members are read, as of orders: a stray bit in one of them is refused.
    function _arrange(Deal memory deal, Party[] memory parties, Match calldata matched, uint256 index) private view {
        uint256 stray;
        (uint256 offer, uint256 bid, uint256 source) = (0, 0, 0);
        (uint256 schedule, uint256 bidSchedule, uint256 firstBlock) = (0, 0, 0);
        // The compiler would check them one by one, and each again where it is used.
        assembly ("memory-safe") {
            offer := calldataload(matched)
            bid := calldataload(add(matched, 0x20))
            source := calldataload(add(matched, 0x40))
            schedule := calldataload(add(matched, 0x60))
            bidSchedule := calldataload(add(matched, 0x80))
            firstBlock := calldataload(add(matched, 0xa0))
            stray := or(shr(16, or(or(offer, bid), or(schedule, bidSchedule))), shr(32, firstBlock))
        }
        // As the compiler refuses them: without a reason.
        // solhint-disable-next-line reason-string, gas-custom-errors
        if (stray != 0 || source > uint256(type(Source).max)) revert();
        uint256 count = parties.length;
        if (offer >= count) revert ISettlement.Settlement_BadIndex(index, offer, count);
        if (bid >= count) revert ISettlement.Settlement_BadIndex(index, bid, count);
        (Party memory offered, Party memory wanted) = (parties[offer], parties[bid]);
        (deal.offered, deal.wanted, deal.source) = (offered, wanted, Source(source));
        if (offered.order.microgrid == wanted.order.microgrid) bidSchedule = schedule;
        (deal.scheduleFrom, deal.scheduleTo) = (uint16(schedule), uint16(bidSchedule));
        (deal.firstBlock, deal.sent) = (firstBlock, matched.energy);
        unchecked {
            uint256 slotSeconds = offered.community.slotSeconds;
            deal.endSlot = (block.timestamp + MOST_AHEAD + slotSeconds - 1) / slotSeconds;
        }
    }

    /// @dev Why two orders are no match, or zero.
    function _matchDefectOf(Deal memory deal) private pure returns (bytes4) {
        (Order memory offer, Order memory bid) = (deal.offered.order, deal.wanted.order);
        if (offer.side != Side.Offer || bid.side != Side.Bid) return ISettlement.Settlement_WrongSide.selector;
        (Community memory from, Community memory to) = (deal.offered.community, deal.wanted.community);
        if (offer.forward != bid.forward || from.currency != to.currency || from.slotSeconds != to.slotSeconds) {
            return ISettlement.Settlement_NotAlike.selector;
        }
        if (offer.settler == address(0) && bid.settler == address(0)) return ISettlement.Settlement_BothPosted.selector;
        return 0;
    }

    /// @dev Exchanges energy that is there for money. Returns why it can't, or zero.
    function _exchange(Deal memory deal, Batch memory batch) private returns (bytes4 reason) {
        // Interaction, with our own token only, which tells whether the energy is there
        reason = _move(deal, batch.energy);
        if (reason != 0) return reason;

        // Effect
        _book(deal);
        (Party memory offered, Party memory wanted) = (deal.offered, deal.wanted);
        (Order memory offer, Order memory bid) = (offered.order, wanted.order);
        (uint256 cost, uint256 charges) = (deal.cost, deal.charges);
        unchecked {
            // No price is below its charge.
            _credit(_accountAt(offered.accountAt), cost - charges);
        }
        address currency = offered.community.currency;
        if (batch.currency != currency || batch.from != offer.microgrid || batch.to != bid.microgrid) {
            _payDsos(batch.currency, batch.from, batch.to, batch.amount);
            (batch.currency, batch.from, batch.to) = (currency, offer.microgrid, bid.microgrid);
            batch.amount = 0;
        }
        if (charges != 0) batch.amount += charges;
        emit ISettlement.Matched(
            offered.orderHash,
            wanted.orderHash,
            offer.nonce,
            bid.nonce,
            deal.sentWh,
            deal.arrivedWh,
            cost,
            charges
        );
        return 0;
    }

    /// @dev Moves the energy of a deal. Returns why it can't, or zero.
    function _move(Deal memory deal, IEnergyToken energy) private returns (bytes4) {
        (Order memory offer, Order memory bid) = (deal.offered.order, deal.wanted.order);
        uint256 line = EnergyId.lineOf(offer.microgrid, deal.source);
        if (deal.home) {
            try energy.move(offer.maker, bid.maker, line, deal.firstBlock, deal.sent) returns (uint256) {
                return 0;
            } catch (bytes memory failure) {
                return _reasonOf(failure);
            }
        }
        uint256 lineTo = EnergyId.lineOf(bid.microgrid, deal.source);
        try energy.moveAcross(offer.maker, bid.maker, line, lineTo, deal.firstBlock, deal.sent, deal.arrived) {
            return 0;
        } catch (bytes memory failure) {
            return _reasonOf(failure);
        }
    }

    /// @dev Makes a position of a forward. Returns why it can't, or zero.
    function _promise(Deal memory deal) private returns (bytes4) {
        (bool reserved, bytes memory failure) = _reserve(deal);
        return reserved ? bytes4(0) : _reasonOf(failure);
    }

    /// @dev The selector of the error that kept a match. Lack of gas has none, and is not the match's.
    function _reasonOf(bytes memory failure) private pure returns (bytes4 reason) {
        if (failure.length == 0) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        reason = bytes4(failure);
        if (reason == IERC1155Errors.ERC1155InsufficientBalance.selector) return IDeals.Deals_NotCovered.selector;
    }
}
