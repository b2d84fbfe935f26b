// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import { Account, IEscrow } from "../interfaces/IEscrow.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters, Meter } from "../interfaces/IMeters.sol";
import { Mode, Terms } from "../interfaces/IMicrogrids.sol";
import { IOrders, Order, Side } from "../interfaces/IOrders.sol";
import { ISettlement, Match } from "../interfaces/ISettlement.sol";
import { ISpot } from "../interfaces/ISpot.sol";
import { ITrading } from "../interfaces/ITrading.sol";
import { EnergyId } from "../libraries/EnergyId.sol";
import { Money } from "../libraries/Money.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Room } from "./Room.sol";

/// @notice Clearing signed offers and bids in a batch. See {ISettlement}.
contract Settlement is Room {
    // =================================================================================================
    // Memory
    // =================================================================================================

    /// @dev One order of the batch, judged once.
    struct Judged {
        bytes32 orderHash;
        bool signed;
        address delegate;
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
        bool[] settled;
    }

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @notice See {ISettlement-settle}.
    function settle(Order[] calldata orders, bytes[] calldata signatures, Match[] calldata matches) external {
        Batch memory batch = _open(orders, signatures, matches);
        for (uint256 i = 0; i < matches.length; ++i) {
            batch.settled[i] = _trade(batch, orders, matches[i], i);
        }
        _price(batch);
        if (batch.terms.mode == Mode.Islanded) _checkCriticalLoads(batch, orders, matches);
        _pay(batch, orders, matches);
        // What were the highest offers are the prices now.
        emit ISettlement.Cleared(batch.microgrid, uint32(batch.firstBlock), batch.prices);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Checks what concerns the batch as a whole, and every signature.
    function _open(
        Order[] calldata orders,
        bytes[] calldata signatures,
        Match[] calldata matches
    ) private view returns (Batch memory batch) {
        if (orders.length == 0 || matches.length == 0) revert ISettlement.Settlement_Empty();
        if (orders.length != signatures.length)
            revert ISettlement.Settlement_LengthMismatch(orders.length, signatures.length);
        batch.microgrid = orders[0].microgrid;
        (batch.meters, batch.energy) = (_meters(), _energy());
        batch.terms = batch.meters.termsOf(batch.microgrid);
        if (batch.terms.mode == Mode.Closed) revert ITrading.Trading_Closed(batch.microgrid);
        batch.priceCap = type(uint256).max;
        if (batch.terms.mode == Mode.Islanded) (batch.priceCap, ) = batch.meters.islandRulesOf(batch.microgrid);

        bytes32 domain = _domainSeparatorV4();
        batch.judged = new Judged[](orders.length);
        for (uint256 i = 0; i < orders.length; ++i) {
            Order calldata order = orders[i];
            if (order.microgrid != batch.microgrid) {
                revert ISettlement.Settlement_MixedMicrogrids(batch.microgrid, order.microgrid);
            }
            if (order.forward) revert ISpot.Spot_IsForward(order.maker, order.nonce);
            bytes32 structHash = _structHash(order);
            bytes32 orderHash = MessageHashUtils.toTypedDataHash(domain, structHash);
            (bool signed, address delegate) = _signerOf(
                order.maker,
                batch.terms.currency,
                structHash,
                orderHash,
                signatures[i]
            );
            batch.judged[i] = Judged(orderHash, signed, delegate);
        }

        (uint256 first, uint256 end) = (type(uint256).max, 0);
        for (uint256 i = 0; i < matches.length; ++i) {
            uint256 firstBlock = matches[i].firstBlock;
            uint256 endBlock = firstBlock + matches[i].energy.length;
            if (firstBlock < first) first = firstBlock;
            if (endBlock > end) end = endBlock;
        }
        batch.firstBlock = first;
        batch.prices = new uint256[]((end - first) * ProfileLib.LANES);
        batch.bids = new uint256[]((end - first) * ProfileLib.LANES);
        batch.settled = new bool[](matches.length);
    }

    /// @dev Moves the energy of a match, fills both orders, holds the buyer's money at the bid's limit, and lets the match
    /// speak on the price. False, and nothing done, when the match is to be skipped.
    function _trade(
        Batch memory batch,
        Order[] calldata orders,
        Match calldata matched,
        uint256 index
    ) private returns (bool) {
        // Check
        Order calldata offer = _orderOf(orders, matched.offer, Side.Offer, index);
        Order calldata bid = _orderOf(orders, matched.bid, Side.Bid, index);
        (address seller, address buyer) = (offer.maker, bid.maker);
        if (seller == buyer) revert ITrading.Trading_SelfTrade(buyer);
        Profile[] calldata profile = matched.energy;
        uint256 firstBlock = matched.firstBlock;
        uint256 energy = _sumWithin(offer, firstBlock, profile);
        _checkWithin(bid, firstBlock, profile);
        if (energy == 0) revert ITrading.Trading_NothingTaken();
        (Judged memory offered, Judged memory wanted) = (batch.judged[matched.offer], batch.judged[matched.bid]);
        uint256 limit = bid.price;
        uint256 ask = uint256(offer.price) + batch.terms.networkFee;
        uint256 held = Money.cost(limit, energy);
        Account storage buyers = _account(batch.terms.currency, buyer);
        bytes4 reason = offered.signed && wanted.signed ? bytes4(0) : IOrders.Orders_BadSignature.selector;
        if (reason == 0) {
            uint64 counter = _account(batch.terms.currency, seller).counter;
            reason = _defectOf(offer, counter, buyer, matched.source);
        }
        if (reason == 0) reason = _defectOf(bid, buyers.counter, seller, matched.source);
        if (reason == 0) reason = _fillDefectOf(offer, seller, energy);
        if (reason == 0) reason = _fillDefectOf(bid, buyer, energy);
        if (reason == 0 && ask > batch.priceCap) reason = ITrading.Trading_AboveIslandCap.selector;
        if (reason == 0 && held > buyers.balance) reason = IEscrow.Escrow_InsufficientBalance.selector;
        if (reason == 0 && offered.delegate != address(0)) {
            reason = _allowanceDefectOf(batch, seller, offered.delegate, _worthOf(batch, ask, energy));
        }
        if (reason == 0 && wanted.delegate != address(0)) {
            reason = _allowanceDefectOf(batch, buyer, wanted.delegate, held);
        }

        // Interaction, with our own token only, which tells whether the energy is there
        uint256 line = EnergyId.lineOf(batch.microgrid, matched.source);
        if (reason == 0 && !batch.energy.tryMove(seller, buyer, line, firstBlock, profile)) {
            reason = ISettlement.Settlement_NotCovered.selector;
        }
        if (reason != 0) {
            emit ISettlement.Skipped(offered.orderHash, wanted.orderHash, reason);
            return false;
        }

        // Effect
        _addFill(offer.nonce, seller, energy);
        _addFill(bid.nonce, buyer, energy);
        _debit(buyers, batch.terms.currency, buyer, held);
        if (offered.delegate != address(0)) {
            _draw(seller, batch.terms.currency, offered.delegate, _worthOf(batch, ask, energy));
        }
        if (wanted.delegate != address(0)) _draw(buyer, batch.terms.currency, wanted.delegate, held);
        _quote(batch, ask, limit, firstBlock, profile);
        return true;
    }

    function _allowanceDefectOf(
        Batch memory batch,
        address maker,
        address delegate,
        uint256 amount
    ) private view returns (bytes4) {
        return
            amount > _allowance(maker, batch.terms.currency, delegate)
                ? IOrders.Orders_AllowanceExceeded.selector
                : bytes4(0);
    }

    /// @dev Lets a match of an offer at `ask` (fee included) and a bid speak on the price of its slots.
    function _quote(
        Batch memory batch,
        uint256 ask,
        uint256 bid,
        uint256 firstBlock,
        Profile[] calldata profile
    ) private pure {
        unchecked {
            uint256 offset = (firstBlock - batch.firstBlock) * ProfileLib.LANES;
            (uint256[] memory asks, uint256[] memory bids) = (batch.prices, batch.bids);
            // Every lane of every match comes by here. Both arrays reach to the last block of any match, so the
            // bounds that Solidity would check at each of four accesses per lane hold by construction.
            assembly ("memory-safe") {
                let askAt := add(add(asks, 0x20), mul(offset, 0x20))
                let gap := sub(bids, asks)
                let end := add(profile.offset, mul(profile.length, 0x20))
                for {
                    let at := profile.offset
                } lt(at, end) {
                    at := add(at, 0x20)
                } {
                    let laneAt := askAt
                    for {
                        let word := calldataload(at)
                    } word {
                        word := shr(32, word)
                    } {
                        if and(word, 0xffffffff) {
                            if gt(ask, mload(laneAt)) {
                                mstore(laneAt, ask)
                            }
                            // Less one, "nothing bid yet" is the highest bid of all.
                            let bidAt := add(laneAt, gap)
                            if lt(bid, sub(mload(bidAt), 1)) {
                                mstore(bidAt, add(bid, 1))
                            }
                        }
                        laneAt := add(laneAt, 0x20)
                    }
                    askAt := add(askAt, 0x100)
                }
            }
        }
    }

    /// @dev Turns the highest offers into prices.
    function _price(Batch memory batch) private pure {
        (uint256[] memory prices, uint256[] memory bids) = (batch.prices, batch.bids);
        unchecked {
            for (uint256 slot = 0; slot < prices.length; ++slot) {
                if (bids[slot] == 0) continue;
                (uint256 ask, uint256 bid) = (prices[slot], bids[slot] - 1);
                if (ask > bid) {
                    revert ISettlement.Settlement_Crossed(batch.firstBlock * ProfileLib.LANES + slot, ask, bid);
                }
                uint256 price = (ask + bid) / 2;
                // No settled offer exceeds the cap, so it lies between them.
                prices[slot] = price > batch.priceCap ? batch.priceCap : price;
            }
        }
    }

    /// @dev Pays every settled match at the prices of its slots and returns what was held beyond them.
    function _pay(Batch memory batch, Order[] calldata orders, Match[] calldata matches) private {
        address currency = batch.terms.currency;
        uint256 fee = batch.terms.networkFee;
        uint256 charges;
        for (uint256 i = 0; i < matches.length; ++i) {
            if (!batch.settled[i]) continue;
            Match calldata matched = matches[i];
            Order calldata offer = orders[matched.offer];
            Order calldata bid = orders[matched.bid];
            (uint256 cost, uint256 energy) = _valueOf(batch, matched.firstBlock, matched.energy);
            uint256 charge = Money.charge(fee, energy);
            _credit(_account(currency, bid.maker), Money.cost(bid.price, energy) - cost);
            _credit(_account(currency, offer.maker), cost - charge);
            charges += charge;
            emit ISettlement.Matched(
                batch.judged[matched.offer].orderHash,
                batch.judged[matched.bid].orderHash,
                offer.nonce,
                bid.nonce,
                cost,
                charge
            );
        }
        _payDsos(currency, batch.microgrid, batch.microgrid, charges);
    }

    /// @dev What a profile costs at the batch's prices, rounded up once, and its energy.
    function _valueOf(
        Batch memory batch,
        uint256 firstBlock,
        Profile[] calldata profile
    ) private pure returns (uint256 cost, uint256 energy) {
        unchecked {
            uint256 offset = (firstBlock - batch.firstBlock) * ProfileLib.LANES;
            uint256[] memory prices = batch.prices;
            // A price is below 2^97, a lane below 2^31, and calldata holds fewer than 2^30 words: no overflow. For the
            // bounds see {_quote}.
            assembly ("memory-safe") {
                let priceAt := add(add(prices, 0x20), mul(offset, 0x20))
                let end := add(profile.offset, mul(profile.length, 0x20))
                for {
                    let at := profile.offset
                } lt(at, end) {
                    at := add(at, 0x20)
                } {
                    let laneAt := priceAt
                    for {
                        let word := calldataload(at)
                    } word {
                        word := shr(32, word)
                    } {
                        let wh := and(word, 0xffffffff)
                        cost := add(cost, mul(mload(laneAt), wh))
                        energy := add(energy, wh)
                        laneAt := add(laneAt, 0x20)
                    }
                    priceAt := add(priceAt, 0x100)
                }
            }
        }
        cost = Money.cost(cost, 1);
    }

    /// @dev While islanded no ordinary bid is filled in a slot in which a critical load's live bid wants more.
    function _checkCriticalLoads(Batch memory batch, Order[] calldata orders, Match[] calldata matches) private view {
        bool[] memory critical = new bool[](orders.length);
        for (uint256 i = 0; i < orders.length; ++i) {
            critical[i] = orders[i].side == Side.Bid && _isCritical(batch.meters, orders[i]);
        }
        for (uint256 i = 0; i < orders.length; ++i) {
            if (!critical[i] || !_isShort(batch, orders[i], i)) continue;
            for (uint256 j = 0; j < matches.length; ++j) {
                if (!batch.settled[j] || critical[matches[j].bid]) continue;
                _checkOutside(orders[i], i, matches[j]);
            }
        }
    }

    function _isCritical(IMeters meters, Order calldata order) private view returns (bool) {
        Meter memory meter = meters.meterOf(order.meter);
        return meter.critical && meter.active && meter.owner == order.maker && meter.microgrid == order.microgrid;
    }

    /// @dev Whether a bid is alive and wants more than it got; one that can't pay is not short but broke.
    function _isShort(Batch memory batch, Order calldata bid, uint256 index) private view returns (bool) {
        Judged memory judged = batch.judged[index];
        if (!judged.signed || block.timestamp > bid.deadline) return false;
        address currency = batch.terms.currency;
        Account storage account = _account(currency, bid.maker);
        uint256 left = _leftOf(bid, bid.maker);
        uint256 cost = Money.cost(bid.price, left);
        return
            bid.counter == account.counter &&
            left != 0 &&
            _fillDefectOf(bid, bid.maker, left) == 0 &&
            account.balance >= cost &&
            (judged.delegate == address(0) || _allowance(bid.maker, currency, judged.delegate) >= cost);
    }

    function _checkOutside(Order calldata critical, uint256 index, Match calldata ordinary) private pure {
        for (uint256 i = 0; i < ordinary.energy.length; ++i) {
            uint256 blockNumber = uint256(ordinary.firstBlock) + i;
            uint256 mask = ProfileLib.maskOf(blockNumber, critical.firstSlot, critical.lastSlot);
            uint256 taken = Profile.unwrap(ordinary.energy[i]) & mask;
            if (taken == 0) continue;
            uint256 slot = blockNumber * ProfileLib.LANES;
            for (; uint32(taken) == 0; taken >>= 32) ++slot;
            revert ISettlement.Settlement_CriticalShort(index, slot);
        }
    }

    /// @dev What energy under a delegate's offer draws on its allowance: see {IOrders-authorize}.
    function _worthOf(Batch memory batch, uint256 ask, uint256 energy) private view returns (uint256) {
        uint256 feedIn = batch.meters.feedInOf(batch.microgrid);
        return Money.cost(ask > feedIn ? ask : feedIn, energy);
    }

    function _orderOf(
        Order[] calldata orders,
        uint256 index,
        Side side,
        uint256 matchIndex
    ) private pure returns (Order calldata order) {
        if (index >= orders.length) revert ISettlement.Settlement_BadIndex(matchIndex, index, orders.length);
        order = orders[index];
        if (order.side != side) revert ISettlement.Settlement_WrongSide(matchIndex, index);
    }
}
