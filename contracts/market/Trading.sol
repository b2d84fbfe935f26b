// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account } from "../interfaces/IEscrow.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters, Meter } from "../interfaces/IMeters.sol";
import { Crossing, Mode, Terms } from "../interfaces/IMicrogrids.sol";
import { Order, Side } from "../interfaces/IOrders.sol";
import { ITrading, Take } from "../interfaces/ITrading.sol";
import { Money } from "../libraries/Money.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Book } from "./Book.sol";

/// @notice What every kind of trade rests on. See {ITrading}.
abstract contract Trading is Book {
    /// @dev One order taken by one taker.
    struct Deal {
        bytes32 orderHash;
        // who signed for the maker, zero when it was the maker
        address delegate;
        address currency;
        address seller;
        address buyer;
        bool isOffer;
        // per kWh sent
        uint256 price;
        uint256 charge;
        // where the energy starts and ends; the same unless it crosses a tie line
        uint32 from;
        uint32 to;
        uint16 lossBps;
        // Wh
        uint256 sent;
        uint256 arrived;
    }

    uint256 internal constant BPS = 10_000;

    mapping(uint256 fromAndTo => mapping(uint256 blockNumber => Profile)) internal _flows;
    mapping(address meter => mapping(uint256 blockNumber => Profile)) internal _rationed;
    mapping(bytes32 positionId => mapping(uint256 blockNumber => Profile)) internal _reserved;

    /// @dev Of a block in which some slot fell short: what positions released so far were promised, and what they got.
    struct Shared {
        Profile committed;
        Profile delivered;
    }

    mapping(address meter => mapping(uint256 blockNumber => Shared)) internal _shared;

    /// @dev The communities and their meters.
    function _meters() internal view virtual returns (IMeters);

    /// @dev The energy.
    function _energy() internal view virtual returns (IEnergyToken);

    /// @dev Everything that `accept` and `reserve` have in common: checks the order and the taker's terms against each
    /// other, and fills the order. Money and energy are still where they were.
    /// @param structHash The order's, as {_read} returns it.
    function _strike(
        Order memory order,
        bytes32 structHash,
        bytes calldata signature,
        Take calldata take
    ) internal returns (Deal memory deal, Account storage makers) {
        // Check
        address maker = order.maker;
        uint32 microgrid = order.microgrid;
        Terms memory terms = _meters().termsOf(microgrid);
        if (terms.mode == Mode.Closed) revert ITrading.Trading_Closed(microgrid);
        if (maker == msg.sender) revert ITrading.Trading_SelfTrade(maker);
        makers = _account(terms.currency, maker);
        _checkOrder(order, makers.counter, msg.sender, take.source);
        (deal.currency, deal.charge) = (terms.currency, terms.networkFee);
        deal.orderHash = _hashTypedDataV4(structHash);
        deal.delegate = _checkSignature(maker, terms.currency, structHash, deal.orderHash, signature);
        bool isOffer = order.side == Side.Offer;
        deal.isOffer = isOffer;
        (deal.seller, deal.buyer) = isOffer ? (maker, msg.sender) : (msg.sender, maker);
        deal.sent = _sumOf(take.energy);
        _checkWithin(order, take.firstBlock, take.energy);
        if (deal.sent == 0) revert ITrading.Trading_NothingTaken();
        (deal.from, deal.to, deal.arrived) = (microgrid, microgrid, deal.sent);

        // Check and effect
        if (take.microgrid != microgrid) _cross(deal, terms.mode, isOffer, take);
        _setPrice(deal, isOffer, order.price);
        if (terms.mode == Mode.Islanded) {
            _ration(deal, isOffer ? take.meter : order.meter, take.firstBlock, take.energy);
        }
        _fill(order, isOffer ? deal.sent : deal.arrived);
    }

    /// @dev What the buyer pays in all, checked against the taker's limit.
    function _costOf(
        Deal memory deal,
        bool isOffer,
        uint256 limit
    ) internal pure returns (uint256 due, uint256 charge) {
        due = Money.cost(deal.price, deal.sent);
        charge = Money.charge(deal.charge, deal.sent);
        _checkLimit(isOffer, due, charge, limit);
    }

    /// @dev What the seller is due and the DSOs charge, against the taker's limit.
    function _checkLimit(bool isOffer, uint256 due, uint256 charge, uint256 limit) internal pure {
        if (isOffer) {
            if (due + charge > limit) revert ITrading.Trading_LimitMissed(due + charge, limit);
        } else if (due < limit) {
            revert ITrading.Trading_LimitMissed(due, limit);
        }
    }

    /// @dev Pays the DSOs: all to the one, or half each across a line, the odd unit to the receiving one.
    function _payDsos(address currency, uint32 from, uint32 to, uint256 charge) internal {
        if (charge == 0) return;
        uint256 half = from == to ? 0 : charge / 2;
        if (half != 0) _credit(_account(currency, _meters().dsoOf(from)), half);
        _credit(_account(currency, _meters().dsoOf(to)), charge - half);
    }

    /// @dev What is left of each word after a line's loss.
    function _arriving(Profile[] calldata sent, uint256 lossBps) internal pure returns (Profile[] memory arrived) {
        arrived = new Profile[](sent.length);
        for (uint256 i = 0; i < sent.length; ++i) arrived[i] = _arrivalOf(sent[i], lossBps);
    }

    /// @dev What is left after a line's loss. The loss, not the rest, is rounded down in every slot: a bid's maker would
    /// else pay more for what arrives than was signed, and for a single Wh get nothing at all.
    function _arrivalOf(Profile sent, uint256 lossBps) internal pure returns (Profile) {
        return sent.sub(sent.portion(lossBps, BPS));
    }

    /// @dev Routes a deal over the tie line between the taker's microgrid and the maker's.
    function _cross(Deal memory deal, Mode mode, bool isOffer, Take calldata take) private {
        if (mode == Mode.Islanded) revert ITrading.Trading_Islanded(deal.from);
        Mode other = _meters().termsOf(take.microgrid).mode;
        if (other == Mode.Islanded) revert ITrading.Trading_Islanded(take.microgrid);
        if (other == Mode.Closed) revert ITrading.Trading_Closed(take.microgrid);
        if (isOffer) deal.to = take.microgrid;
        else deal.from = take.microgrid;
        Crossing memory crossing = _meters().crossingOf(deal.from, deal.to);
        (deal.lossBps, deal.charge) = (crossing.lossBps, crossing.wheeling);

        uint256 arrived;
        mapping(uint256 => Profile) storage flows = _flows[_direction(deal.from, deal.to)];
        Profile capacity = ProfileLib.uniform(crossing.capacity);
        for (uint256 i = 0; i < take.energy.length; ++i) {
            Profile energy = take.energy[i];
            uint256 blockNumber = uint256(take.firstBlock) + i;
            Profile flow = flows[blockNumber];
            if (!energy.le(flow.room())) _refuseFlow(deal, blockNumber, flow, energy, crossing.capacity);
            Profile raised = flow.add(energy);
            // A shrunken capacity holds for what comes, not for what is already sold.
            if (!_touched(raised, energy).le(capacity)) _refuseFlow(deal, blockNumber, flow, energy, crossing.capacity);
            flows[blockNumber] = raised;
            arrived += _arrivalOf(energy, crossing.lossBps).sum();
        }
        deal.arrived = arrived;
        emit ITrading.Crossed(deal.from, deal.to, take.firstBlock, take.energy, deal.sent, arrived);
    }

    /// @dev What the seller receives per kWh sent.
    function _setPrice(Deal memory deal, bool isOffer, uint256 signed) private pure {
        unchecked {
            // A price has 96 bits, and a loss is below BPS.
            if (!isOffer) {
                if (deal.lossBps != 0) signed = (signed * (BPS - deal.lossBps)) / BPS;
                uint256 charge = deal.charge;
                if (charge > signed) revert ITrading.Trading_ChargeExceedsPrice(charge, signed);
                signed -= charge;
            }
            deal.price = signed;
        }
    }

    /// @dev Island rules for a direct purchase.
    function _ration(Deal memory deal, address meter, uint256 firstBlock, Profile[] calldata energy) private {
        (uint256 priceCap, uint32 ration) = _meters().islandRulesOf(deal.to);
        if (deal.price + deal.charge > priceCap)
            revert ITrading.Trading_AboveIslandCap(deal.price + deal.charge, priceCap);
        Meter memory record = _meterIn(deal.to, meter, deal.buyer);
        if (record.critical) return;
        // An operator may set a ration beyond what a lane holds to mean that there is none.
        Profile most = ProfileLib.uniform(ration > ProfileLib.LANE_MAX ? ProfileLib.LANE_MAX : ration);
        for (uint256 i = 0; i < energy.length; ++i) {
            Profile bought = _rationed[meter][firstBlock + i];
            if (!energy[i].le(bought.room()) || !_touched(bought.add(energy[i]), energy[i]).le(most)) {
                _refuseRation(meter, firstBlock + i, bought, energy[i], most.lane(0));
            }
            _rationed[meter][firstBlock + i] = bought.add(energy[i]);
        }
    }

    /// @dev `total` where `added` has energy, nothing elsewhere.
    function _touched(Profile total, Profile added) private pure returns (Profile) {
        uint256 lanes = ProfileLib.atLeast(added, Profile.wrap(ProfileLib.ONES));
        return ProfileLib.select(ProfileLib.fill(lanes), total, ProfileLib.ZERO);
    }

    /// @dev A meter of `holder` in `microgrid`.
    function _meterIn(uint32 microgrid, address meter, address holder) internal view returns (Meter memory record) {
        record = _meters().meterOf(meter);
        if (record.owner != holder || record.microgrid != microgrid || !record.active) {
            revert ITrading.Trading_BadMeter(meter, holder, microgrid);
        }
    }

    /// @dev Draws a deal on the allowance of the delegate who signed it: see {IOrders-authorize}.
    /// @param cost What the buyer pays or locks.
    /// @param bonded What the seller locks.
    function _drawFor(Deal memory deal, uint256 cost, uint256 bonded) internal {
        if (deal.isOffer) {
            uint256 worth = Money.cost(_meters().feedInOf(deal.from), deal.sent);
            cost = (cost > worth ? cost : worth) + bonded;
        }
        _draw(deal.isOffer ? deal.seller : deal.buyer, deal.currency, deal.delegate, cost);
    }

    function _direction(uint32 from, uint32 to) internal pure returns (uint256) {
        return (uint256(from) << 32) | to;
    }

    function _refuseFlow(
        Deal memory deal,
        uint256 blockNumber,
        Profile flow,
        Profile added,
        uint256 capacity
    ) private pure {
        uint256 index;
        while (added.lane(index) == 0 || flow.lane(index) + added.lane(index) <= capacity) ++index;
        uint256 slot = blockNumber * ProfileLib.LANES + index;
        revert ITrading.Trading_LineFull(deal.from, deal.to, slot, flow.lane(index), added.lane(index), capacity);
    }

    function _refuseRation(
        address meter,
        uint256 blockNumber,
        Profile bought,
        Profile asked,
        uint256 ration
    ) private pure {
        uint256 index;
        while (asked.lane(index) == 0 || bought.lane(index) + asked.lane(index) <= ration) ++index;
        uint256 slot = blockNumber * ProfileLib.LANES + index;
        revert ITrading.Trading_RationExceeded(meter, slot, bought.lane(index), asked.lane(index), ration);
    }
}
