// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IDeals } from "../interfaces/IDeals.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters, Meter } from "../interfaces/IMeters.sol";
import { Crossing, IMicrogrids, Rules, Terms } from "../interfaces/IMicrogrids.sol";
import { IOrders, Order } from "../interfaces/IOrders.sol";
import { Source } from "../libraries/EnergyId.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Book } from "./Book.sol";

/// @notice What every trade goes by: the one place of every rule. See {IDeals}.
/// @dev A deal has two parties. {_strike} says what of it can trade, {_book} takes note of it; both do the same whether one of
/// the parties is a taker or both have signed, whether the energy is there or to come, at home or across a line.
abstract contract Deals is Book {
    /// @dev What two parties trade.
    struct Deal {
        Party offered;
        Party wanted;
        Source source;
        // the schedules that the slots of the offer's and of the bid's microgrid go by
        uint16 scheduleFrom;
        uint16 scheduleTo;
        uint256 firstBlock;
        // Wh per slot that the seller sends: what is asked, cut to what can trade
        Profile[] sent;
        // Wh per slot that arrive; at home the same words
        Profile[] arrived;
        // whether the buyer pays for what is sent, as the offer is a posted price; and whether it stays in one microgrid
        bool countsSent;
        bool home;
        // the first slot that does not trade, as it starts too late
        uint256 endSlot;
        // why energy was cut away last: the selector of an error
        bytes4 reason;
        // base units per kWh: what the buyer pays, and of it the DSOs' part; of several levels the last
        uint256 price;
        uint256 charge;
        uint256 lossBps;
        // the buyer's meter on whose ration it counts, and the words that do
        address rationed;
        Profile[] onRation;
        uint256 sentWh;
        uint256 arrivedWh;
        // thousandths of a base unit: what the buyer pays, the DSOs' part of it, what the energy is worth at the community
        // price, and what the seller of a forward locks
        uint256 cost;
        uint256 charges;
        uint256 worth;
        uint256 bonded;
    }

    /// @dev What the slots of a deal that is not plain go by.
    struct Scope {
        Rules from;
        Rules to;
        Crossing crossing;
        bool across;
        uint256 firstSlot;
        uint256 lastSlot;
        uint256 startedSlot;
        uint256 offerLeft;
        uint256 bidLeft;
        bytes4 filled;
        // whether the buyer's meter is one of its own, and whether it feeds a critical load
        bool metered;
        bool critical;
        // of a forward, whether its slots are islanded
        bool islanded;
    }

    /// @dev Bytes of {Deal}.
    uint256 private constant DEAL_SIZE = 23 * 32;
    uint256 internal constant BPS = 10_000;
    uint256 private constant MOST_BLOCKS = 256;
    /// @dev No price exceeds it.
    uint256 private constant NO_CAP = type(uint96).max;
    uint256 private constant HOUR = 3600;

    mapping(uint256 fromAndTo => mapping(uint256 blockNumber => Profile)) internal _flows;
    mapping(address meter => mapping(uint256 blockNumber => Profile)) internal _rationed;
    mapping(bytes32 positionId => uint256) internal _open;

    /// @dev The communities.
    function _microgrids() internal view virtual returns (IMicrogrids);

    /// @dev Their meters.
    function _meters() internal view virtual returns (IMeters);

    /// @dev The energy.
    function _energy() internal view virtual returns (IEnergyToken);

    // =================================================================================================
    // Striking
    // =================================================================================================

    /// @dev Room in memory for one deal, in an array that Solidity does not fill with zeros first. Who opens it sets parties,
    /// source, schedules, blocks, energy and the end of slots; {_strike} the rest.
    function _roomForDeal() internal pure returns (Deal[] memory deals) {
        uint256 size = DEAL_SIZE;
        assembly ("memory-safe") {
            deals := mload(0x40)
            mstore(deals, 1)
            let deal := add(deals, 0x40)
            mstore(add(deals, 0x20), deal)
            mstore(0x40, add(deal, size))
        }
    }

    /// @dev Cuts a deal to what can trade and finds out what it comes to. Nothing has moved yet.
    /// @return reason Why nothing trades: the selector of an error, or zero.
    function _strike(Deal memory deal) internal view returns (bytes4 reason) {
        (Party memory offered, Party memory wanted) = (deal.offered, deal.wanted);
        (Order memory offer, Order memory bid) = (offered.order, wanted.order);
        (address seller, address buyer, uint256 source) = (offer.maker, bid.maker, uint256(uint8(deal.source)));
        reason = _defectOf(offered, offer, buyer, source);
        if (reason != 0) return reason;
        reason = _defectOf(wanted, bid, seller, source);
        if (reason != 0) return reason;
        if (seller == buyer) return IDeals.Deals_SelfTrade.selector;
        if (offer.forward && offer.bond < bid.bond) return IDeals.Deals_BondTooSmall.selector;

        deal.countsSent = offered.orderHash != 0 && offer.settler == address(0);
        deal.home = offer.microgrid == bid.microgrid;
        _cut(deal, offered, wanted);
        if (deal.sentWh == 0) return deal.reason;
        return 0;
    }

    /// @dev Why the parties of a deal can't pay for it, or zero.
    function _fundsDefectOf(Deal memory deal) internal view returns (bytes4 reason) {
        (Party memory offered, Party memory wanted) = (deal.offered, deal.wanted);
        (Order memory offer, uint256 cost) = (offered.order, deal.cost);
        if (offer.forward) {
            unchecked {
                // Across a line the wheeling charge is due whatever is delivered.
                uint256 perKwh = offer.bond + (deal.home ? 0 : deal.charge);
                deal.bonded = perKwh * deal.sentWh;
            }
            reason = _moneyDefectOf(
                _accountAt(offered.accountAt),
                offered.community.currency,
                offer.maker,
                deal.bonded
            );
            if (reason != 0) return reason;
        }
        reason = _moneyDefectOf(_accountAt(wanted.accountAt), wanted.community.currency, wanted.order.maker, cost);
        if (reason == 0 && offered.delegate != address(0)) reason = _allowanceDefectOf(offered, _drawnBySale(deal));
        if (reason == 0 && wanted.delegate != address(0)) reason = _allowanceDefectOf(wanted, cost);
    }

    /// @dev What is wrong with a party's order for energy of `source` and the other party, or zero.
    function _defectOf(
        Party memory party,
        Order memory order,
        address other,
        uint256 source
    ) private pure returns (bytes4 defect) {
        defect = party.defect;
        if (defect != 0) return defect;
        address counterparty = order.counterparty;
        if (counterparty != address(0) && counterparty != other) return IOrders.Orders_NotCounterparty.selector;
        if ((uint256(order.sources) >> source) & 1 == 0) return IOrders.Orders_SourceNotNamed.selector;
        return 0;
    }

    /// @dev What a sale draws on the allowance of the delegate who signed it, see {IOrders-authorize}.
    function _drawnBySale(Deal memory deal) private pure returns (uint256) {
        unchecked {
            // Each is below 2^128.
            return (deal.cost > deal.worth ? deal.cost : deal.worth) + deal.bonded;
        }
    }

    // =================================================================================================
    // Cutting
    // =================================================================================================

    function _cut(Deal memory deal, Party memory offered, Party memory wanted) private view {
        uint256 blocks = deal.sent.length;
        if (blocks > MOST_BLOCKS) revert IDeals.Deals_TooLong(blocks);
        (deal.reason, deal.lossBps, deal.rationed, deal.bonded) = (IDeals.Deals_NothingLeft.selector, 0, address(0), 0);
        (Order memory offer, Order memory bid) = (offered.order, wanted.order);
        (uint256 firstSlot, uint256 lastSlot) = (offer.firstSlot, offer.lastSlot);
        if (bid.firstSlot > firstSlot) firstSlot = bid.firstSlot;
        if (bid.lastSlot < lastSlot) lastSlot = bid.lastSlot;
        (uint256 offerLeft, bytes4 filled) = _leftOf(offered);
        (uint256 bidLeft, bytes4 bidFilled) = _leftOf(wanted);
        if (bidLeft <= offerLeft) filled = bidFilled;
        if (filled == 0) filled = IOrders.Orders_Filled.selector;
        // Of energy that is there, no slot lies ahead.
        uint256 startedSlot = offer.forward ? block.timestamp / offered.community.slotSeconds + 1 : 0;

        if (deal.home && offered.community.plain) {
            // It has no other schedule than the first.
            if (deal.scheduleFrom != 0) (firstSlot, lastSlot) = (1, 0);
            _cutPlain(deal, firstSlot, lastSlot, startedSlot, bidLeft < offerLeft ? bidLeft : offerLeft, filled);
            return;
        }
        (deal.sentWh, deal.arrivedWh, deal.cost, deal.charges, deal.worth) = (0, 0, 0, 0, 0);
        Scope memory scope = _scopeOf(deal);
        (scope.firstSlot, scope.lastSlot, scope.startedSlot) = (firstSlot, lastSlot, startedSlot);
        (scope.offerLeft, scope.bidLeft, scope.filled) = (offerLeft, bidLeft, filled);
        for (uint256 i = 0; i < blocks; ++i) _cutBlock(deal, scope, i);
    }

    /// @dev Where all slots have the same price and fee, and there is neither island nor line, all lanes are cut at once.
    function _cutPlain(
        Deal memory deal,
        uint256 firstSlot,
        uint256 lastSlot,
        uint256 startedSlot,
        uint256 left,
        bytes4 filled
    ) private view {
        (uint256 price, uint256 charge, uint256 worth, bool meets) = _plainPriceOf(deal);
        Profile[] memory sent = deal.sent;
        uint256 total;
        unchecked {
            for (uint256 i = 0; i < sent.length; ++i) {
                uint256 word = Profile.unwrap(ProfileLib.checked(Profile.unwrap(sent[i])));
                uint256 blockNumber = deal.firstBlock + i;
                uint256 kept = word & ProfileLib.maskOf(blockNumber, firstSlot, lastSlot);
                if (kept != word) deal.reason = IDeals.Deals_OutsideSlots.selector;
                if (startedSlot != 0) {
                    word = kept;
                    kept &= ProfileLib.maskOf(blockNumber, startedSlot, deal.endSlot - 1);
                    if (kept != word) deal.reason = IDeals.Deals_OutOfTime.selector;
                }
                if (kept != 0 && !meets) {
                    kept = 0;
                    deal.reason = IDeals.Deals_PricesDontMeet.selector;
                }
                uint256 wh = Profile.wrap(kept).sum();
                if (wh > left - total) {
                    kept = Profile.unwrap(_earliest(Profile.wrap(kept), left - total));
                    wh = left - total;
                    deal.reason = filled;
                }
                sent[i] = Profile.wrap(kept);
                total += wh;
            }
            deal.arrived = sent;
            (deal.sentWh, deal.arrivedWh) = (total, total);
            // Prices have at most 97 bits, and a deal at most 31 bits of Wh.
            (deal.cost, deal.charges, deal.worth) = (price * total, charge * total, worth * total);
        }
    }

    /// @dev What the buyer of a deal in a plain microgrid pays per kWh, the fee and the community price; and whether the sides
    /// agree. The community price is zero where nothing rests on it.
    function _plainPriceOf(
        Deal memory deal
    ) private view returns (uint256 price, uint256 charge, uint256 worth, bool meets) {
        (Party memory offered, Party memory wanted) = (deal.offered, deal.wanted);
        (Order memory offer, Order memory bid) = (offered.order, wanted.order);
        Community memory community = offered.community;
        charge = community.fee;
        if (offer.settler != address(0) || bid.settler != address(0) || offered.delegate != address(0)) {
            worth = _priceOf(community);
        }
        price = _price(deal, offer, bid, worth, worth, charge);
        (deal.price, deal.charge) = (price, charge);
        meets = _meets(deal, offer, bid, worth, NO_CAP, price, charge, 1, 1);
    }

    /// @dev The first `wh` of a block.
    function _earliest(Profile word, uint256 wh) private pure returns (Profile) {
        unchecked {
            uint256 kept;
            for (uint256 lane = 0; wh != 0; ++lane) {
                uint256 energy = word.lane(lane);
                if (energy > wh) energy = wh;
                kept |= energy << (lane * 32);
                wh -= energy;
            }
            return Profile.wrap(kept);
        }
    }

    /// @dev Asks for all that the slots of a deal go by.
    function _scopeOf(Deal memory deal) private view returns (Scope memory scope) {
        (Order memory offer, Order memory bid) = (deal.offered.order, deal.wanted.order);
        (uint32 first, uint256 blocks) = (uint32(deal.firstBlock), deal.sent.length);
        bool declared = _namesLock(deal.offered) || _namesLock(deal.wanted);
        IMicrogrids microgrids = _microgrids();
        scope.from = microgrids.rulesOf(offer.microgrid, deal.scheduleFrom, first, blocks, declared);
        scope.across = !deal.home;
        if (scope.across) {
            scope.to = microgrids.rulesOf(bid.microgrid, deal.scheduleTo, first, blocks, declared);
            scope.crossing = microgrids.crossingOf(offer.microgrid, bid.microgrid);
            deal.lossBps = scope.crossing.lossBps;
            deal.arrived = new Profile[](blocks);
        } else {
            scope.to = scope.from;
            deal.arrived = deal.sent;
            Meter memory meter = _meters().meterOf(bid.meter);
            scope.metered = meter.owner == bid.maker && meter.microgrid == bid.microgrid && meter.active;
            scope.critical = meter.critical;
            deal.onRation = new Profile[](blocks);
        }
    }

    /// @dev Whether an order names the settler of its maker's lock: slots declared islanded afterwards then count.
    function _namesLock(Party memory party) private view returns (bool) {
        address settler = party.order.settler;
        if (settler <= EVERYBODY) return false;
        return settler == _lockOf(party.community.currency, party.order.maker).settler;
    }

    function _cutBlock(Deal memory deal, Scope memory scope, uint256 index) private view {
        uint256 word = Profile.unwrap(ProfileLib.checked(Profile.unwrap(deal.sent[index])));
        (uint256 sent, uint256 arrived) = (0, 0);
        unchecked {
            for (uint256 lane = 0; word != 0; ++lane) {
                uint256 asked = uint32(word);
                word >>= 32;
                if (asked == 0) continue;
                (uint256 wh, uint256 got, bytes4 reason) = _cutLane(deal, scope, index, lane, asked);
                if (reason != 0) deal.reason = reason;
                sent |= wh << (lane * 32);
                arrived |= got << (lane * 32);
            }
        }
        deal.sent[index] = Profile.wrap(sent);
        if (scope.across) deal.arrived[index] = Profile.wrap(arrived);
    }

    /// @dev Cuts what is asked of one slot, and adds it up.
    /// @return sent Wh that trade.
    /// @return arrived Wh of them that arrive.
    /// @return reason Why energy was cut away last.
    function _cutLane(
        Deal memory deal,
        Scope memory scope,
        uint256 index,
        uint256 lane,
        uint256 asked
    ) private view returns (uint256 sent, uint256 arrived, bytes4 reason) {
        uint256 slot = (deal.firstBlock + index) * ProfileLib.LANES + lane;
        reason = _slotDefectOf(deal, scope, slot);
        if (reason != 0) return (0, 0, reason);
        bool islanded = ((scope.from.islanded[index] | scope.to.islanded[index]) >> (lane * 32 + 31)) & 1 == 1;
        if (scope.across && (islanded || !deal.offered.order.crosses || !deal.wanted.order.crosses)) {
            return (0, 0, IDeals.Deals_Islanded.selector);
        }

        // Room
        sent = asked;
        uint256 flow;
        if (scope.across) {
            flow = _flows[_direction(deal)][slot / ProfileLib.LANES].lane(lane);
            (sent, reason) = _atMost(sent, scope.crossing.capacity, flow, IDeals.Deals_LineFull.selector, reason);
        } else if (islanded && !(scope.metered && scope.critical)) {
            uint256 ration = scope.metered ? _microgrids().rationOf(deal.wanted.order.microgrid, uint32(slot)) : 0;
            // An operator may set a ration beyond what a lane holds to mean that there is none.
            uint256 had = _rationed[deal.wanted.order.meter][slot / ProfileLib.LANES].lane(lane);
            if (ration > ProfileLib.LANE_MAX) ration = ProfileLib.LANE_MAX;
            (sent, reason) = _atMost(sent, ration, had, IDeals.Deals_Rationed.selector, reason);
        }
        (sent, reason) = _atMost(sent, scope.offerLeft, 0, scope.filled, reason);
        if (deal.offered.order.forward) flow = 0;
        arrived = sent - _lossOf(deal.lossBps, flow, sent);
        if (arrived > scope.bidLeft) {
            (sent, reason) = (_sendFor(deal.lossBps, flow, scope.bidLeft, sent), scope.filled);
            arrived = scope.bidLeft;
        }
        if (arrived == 0) return (0, 0, reason == 0 ? IDeals.Deals_LineFull.selector : reason);
        if (!_agree(deal, scope, slot, islanded, sent, arrived)) return (0, 0, IDeals.Deals_PricesDontMeet.selector);

        scope.offerLeft -= sent;
        scope.bidLeft -= arrived;
        if (islanded && !scope.critical) {
            deal.rationed = deal.wanted.order.meter;
            deal.onRation[index] = deal.onRation[index].add(ProfileLib.single(lane, sent));
        }
    }

    /// @dev Why a slot is left out whatever is asked of it, or zero.
    function _slotDefectOf(Deal memory deal, Scope memory scope, uint256 slot) private pure returns (bytes4) {
        (Rules memory from, Rules memory to) = (scope.from, scope.to);
        if (
            slot < scope.firstSlot ||
            slot > scope.lastSlot ||
            slot < from.firstSlot ||
            slot >= from.endSlot ||
            slot < to.firstSlot ||
            slot >= to.endSlot
        ) return IDeals.Deals_OutsideSlots.selector;
        if (scope.startedSlot != 0 && (slot < scope.startedSlot || slot >= deal.endSlot)) {
            return IDeals.Deals_OutOfTime.selector;
        }
        if (slot >= from.closedFrom || slot >= to.closedFrom) return IDeals.Deals_Closed.selector;
        return 0;
    }

    /// @dev Cuts to the room between `most` and what is taken of it.
    function _atMost(
        uint256 wh,
        uint256 most,
        uint256 taken,
        bytes4 reason,
        bytes4 before
    ) private pure returns (uint256, bytes4) {
        unchecked {
            uint256 room = most > taken ? most - taken : 0;
            return wh > room ? (room, reason) : (wh, before);
        }
    }

    /// @dev Whether the prices of a slot meet; adds up what it comes to if they do.
    function _agree(
        Deal memory deal,
        Scope memory scope,
        uint256 slot,
        bool islanded,
        uint256 sent,
        uint256 arrived
    ) private pure returns (bool) {
        unchecked {
            uint256 slotSeconds = deal.offered.community.slotSeconds;
            uint256 level = _levelOf(scope.from, slot * slotSeconds);
            uint256 levelTo = scope.across ? _levelOf(scope.to, slot * slotSeconds) : level;
            uint256 cap = islanded ? scope.from.caps[level] : NO_CAP;
            uint256 worth = scope.from.prices[level];
            if (worth > cap) worth = cap;
            uint256 charge = scope.across ? scope.crossing.wheeling : scope.from.fees[level];
            (Order memory offer, Order memory bid) = (deal.offered.order, deal.wanted.order);
            uint256 price = _price(deal, offer, bid, worth, scope.to.prices[levelTo], charge);
            if (!_meets(deal, offer, bid, worth, cap, price, charge, sent, arrived)) return false;
            // A position has one price, one charge, and is rationed as a whole or not at all.
            if (scope.startedSlot != 0 && deal.sentWh != 0) {
                if (price != deal.price || charge != deal.charge || islanded != scope.islanded) return false;
            }
            (deal.price, deal.charge, scope.islanded) = (price, charge, islanded);
            deal.sentWh += sent;
            deal.arrivedWh += arrived;
            deal.cost += price * (deal.countsSent ? sent : arrived);
            deal.charges += charge * sent;
            deal.worth += worth * sent;
            return true;
        }
    }

    // =================================================================================================
    // Prices
    // =================================================================================================

    /// @dev What the buyer pays per kWh that is sent or arrives, see {Deal}.
    /// @param worth The community price at the seller's end.
    /// @param worthTo The community price at the buyer's end.
    function _price(
        Deal memory deal,
        Order memory offer,
        Order memory bid,
        uint256 worth,
        uint256 worthTo,
        uint256 charge
    ) private pure returns (uint256) {
        unchecked {
            if (deal.countsSent) return offer.price + charge;
            // A taker never meets a limit: this bid is a posted price.
            if (bid.settler == address(0)) return bid.price;
            if (deal.home) return worth;
            // The middle between the communities' prices as seen at the line's far end.
            uint256 kept = BPS - deal.lossBps;
            return (((worth + charge) * BPS + kept - 1) / kept + worthTo) / 2;
        }
    }

    /// @dev Whether neither side does worse than its limit, and at home no limit worse than the community price.
    /// @param worth The community price.
    /// @param cap The most that what arrives may cost per kWh.
    function _meets(
        Deal memory deal,
        Order memory offer,
        Order memory bid,
        uint256 worth,
        uint256 cap,
        uint256 price,
        uint256 charge,
        uint256 sent,
        uint256 arrived
    ) private pure returns (bool) {
        unchecked {
            bool home = deal.home;
            uint256 cost = price * (deal.countsSent ? sent : arrived);
            uint256 charges = charge * sent;
            if (cost < charges || cost > cap * arrived) return false;
            if (bid.settler != address(0)) {
                if (cost > bid.price * arrived || (home && cost > worth * arrived)) return false;
            }
            if (offer.settler != address(0)) {
                if (cost - charges < offer.price * sent || (home && cost < worth * sent)) return false;
            }
            return true;
        }
    }

    /// @dev The community price of a plain microgrid, asked for once a call.
    function _priceOf(Community memory community) private view returns (uint256) {
        if (!community.priced) {
            community.price = _microgrids().plainPriceOf(community.microgrid);
            community.priced = true;
        }
        return community.price;
    }

    /// @dev The level that holds at a time.
    function _levelOf(Rules memory rules, uint256 time) private pure returns (uint256) {
        unchecked {
            // An offset may be negative; days are the same.
            uint256 hour = (uint256(int256(time) + int256(rules.utcOffsetMinutes) * 60 + 1 days) / HOUR) % 24;
            return (rules.levelOfHour >> (2 * hour)) & 3;
        }
    }

    // =================================================================================================
    // Lines
    // =================================================================================================

    /// @dev What is lost of `part` more Wh on a line that has carried `flow`.
    function _lossOf(uint256 lossBps, uint256 flow, uint256 part) internal pure returns (uint256) {
        if (lossBps == 0) return 0;
        unchecked {
            return _lostOf(lossBps, flow + part) - _lostOf(lossBps, flow);
        }
    }

    function _lostOf(uint256 lossBps, uint256 flow) private pure returns (uint256) {
        unchecked {
            return (flow * lossBps + BPS - 1) / BPS;
        }
    }

    /// @dev The least that is to be sent for `arrived` Wh, at most `most`, of which more would arrive.
    function _sendFor(
        uint256 lossBps,
        uint256 flow,
        uint256 arrived,
        uint256 most
    ) private pure returns (uint256 least) {
        unchecked {
            // A Wh more sent is at most a Wh more that arrives.
            least = arrived;
            while (least < most) {
                uint256 middle = (least + most) / 2;
                if (middle - _lossOf(lossBps, flow, middle) >= arrived) most = middle;
                else least = middle + 1;
            }
        }
    }

    function _direction(Deal memory deal) private pure returns (uint256) {
        return _directionOf(deal.offered.order.microgrid, deal.wanted.order.microgrid);
    }

    function _directionOf(uint32 from, uint32 to) internal pure returns (uint256) {
        return (uint256(from) << 32) | to;
    }

    // =================================================================================================
    // Booking
    // =================================================================================================

    /// @dev Takes note of a deal that was struck: fills, allowances, line and ration; and takes what the parties pay or lock
    /// out of their accounts.
    function _book(Deal memory deal) internal {
        (Party memory offered, Party memory wanted) = (deal.offered, deal.wanted);
        (Order memory offer, Order memory bid) = (offered.order, wanted.order);
        _fill(offered, deal.sentWh);
        _fill(wanted, deal.arrivedWh);
        if (offered.delegate != address(0)) _draw(offered, _drawnBySale(deal));
        if (wanted.delegate != address(0)) _draw(wanted, deal.cost);
        _spend(_accountAt(wanted.accountAt), deal.cost);
        if (deal.bonded != 0) _spend(_accountAt(offered.accountAt), deal.bonded);
        if (!deal.home) {
            _add(_flows[_direction(deal)], deal.firstBlock, deal.sent);
            if (!offer.forward) {
                emit IDeals.Crossed(offer.microgrid, bid.microgrid, uint32(deal.firstBlock), deal.sent, deal.arrived);
            }
        } else if (deal.rationed != address(0)) {
            _add(_rationed[deal.rationed], deal.firstBlock, deal.onRation);
        }
    }

    function _add(
        mapping(uint256 blockNumber => Profile) storage totals,
        uint256 firstBlock,
        Profile[] memory words
    ) private {
        for (uint256 i = 0; i < words.length; ++i) {
            if (!words[i].isZero()) totals[firstBlock + i] = totals[firstBlock + i].add(words[i]);
        }
    }

    /// @dev Pays the DSOs: all to the one, or half each across a line, the odd thousandth to the receiving one.
    function _payDsos(address currency, uint32 from, uint32 to, uint256 charge) internal {
        if (charge == 0) return;
        IMicrogrids microgrids = _microgrids();
        uint256 half = from == to ? 0 : charge / 2;
        if (half != 0) _credit(_account(currency, microgrids.dsoOf(from)), half);
        _credit(_account(currency, microgrids.dsoOf(to)), charge - half);
    }

    /// @dev What trades need to know of a microgrid.
    function _communityOf(uint32 microgrid) internal view returns (Community memory) {
        Terms memory terms = _microgrids().termsOf(microgrid);
        return
            Community({
                microgrid: microgrid,
                currency: terms.currency,
                slotSeconds: terms.slotSeconds,
                plain: terms.plain,
                fee: terms.fee,
                price: 0,
                priced: false
            });
    }
}
