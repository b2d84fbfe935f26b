// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC1155Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import { Account, IEscrow } from "../interfaces/IEscrow.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IMeters, Meter } from "../interfaces/IMeters.sol";
import { Mode } from "../interfaces/IMicrogrids.sol";
import { IOrders, Order, Side } from "../interfaces/IOrders.sol";
import { ISettlement, Match } from "../interfaces/ISettlement.sol";
import { ITrading } from "../interfaces/ITrading.sol";
import { EnergyId, Source } from "../libraries/EnergyId.sol";
import { Money } from "../libraries/Money.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Batches } from "./Batches.sol";

/// @notice Clearing signed offers and bids in a batch. See {ISettlement}.
contract Settlement is Batches {
    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @notice See {ISettlement-settle}.
    function settle(Order[] calldata orders, bytes[] calldata signatures, Match[] calldata matches) external {
        Batch memory batch = _open(orders, signatures, matches);
        mapping(address holder => Account) storage accounts = _accountsIn(batch.terms.currency);
        for (uint256 i = 0; i < matches.length; ++i) _trade(batch, accounts, batch.trades[i]);
        _price(batch);
        if (batch.terms.mode == Mode.Islanded) _checkCriticalLoads(batch);
        _pay(batch, accounts);
        // What were the highest offers are the prices now.
        emit ISettlement.Cleared(batch.microgrid, uint32(batch.firstBlock), batch.prices);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Moves the energy of a match, fills both orders, holds the buyer's money at the bid's limit, and lets the match
    /// speak on the price. Nothing is done when the match is to be skipped.
    function _trade(
        Batch memory batch,
        mapping(address holder => Account) storage accounts,
        Trade memory trade
    ) private {
        // Check
        (Judged memory offered, Judged memory wanted) = (trade.offered, trade.wanted);
        (Order memory offer, Order memory bid) = (offered.order, wanted.order);
        (address seller, address buyer) = (offer.maker, bid.maker);
        if (seller == buyer) revert ITrading.Trading_SelfTrade(buyer);
        uint256 energy = _sumWithin(offer, bid, trade.firstBlock, _profileOf(trade));
        if (energy == 0) revert ITrading.Trading_NothingTaken();
        Account storage buyers = accounts[buyer];
        (uint64 counter, uint256 balance) = (buyers.counter, buyers.balance);
        (Fills storage sold, Fills storage bought) = (_fillsOf(seller, offer.nonce), _fillsOf(buyer, bid.nonce));
        (uint256 soldLanes, uint256 boughtLanes) = (sold.lanes, bought.lanes);
        uint256 held = Money.cost(bid.price, energy);
        uint256 ask = uint256(offer.price) + batch.terms.networkFee;
        bytes4 reason = _defectOf(offered, accounts[seller].counter, soldLanes, buyer, trade.source, energy);
        if (reason == 0) reason = _defectOf(wanted, counter, boughtLanes, seller, trade.source, energy);
        if (reason == 0 && ask > batch.priceCap) reason = ITrading.Trading_AboveIslandCap.selector;
        if (reason == 0 && held > balance) reason = IEscrow.Escrow_InsufficientBalance.selector;
        if (reason == 0 && offered.delegate != address(0)) {
            reason = _allowanceDefectOf(batch, seller, offered.delegate, _worthOf(batch, ask, energy));
        }
        if (reason == 0 && wanted.delegate != address(0)) {
            reason = _allowanceDefectOf(batch, buyer, wanted.delegate, held);
        }

        // Interaction, with our own token only, which tells whether the energy is there
        if (reason == 0) reason = _move(batch, trade, seller, buyer);
        if (reason != 0) {
            emit ISettlement.Skipped(offered.orderHash, wanted.orderHash, reason);
            return;
        }

        // Effect
        trade.energy = energy;
        sold.lanes = _filled(soldLanes, offer.nonce, energy);
        bought.lanes = _filled(boughtLanes, bid.nonce, energy);
        address currency = batch.terms.currency;
        _debit(buyers, currency, buyer, held);
        if (offered.delegate != address(0)) {
            _draw(seller, currency, offered.delegate, _worthOf(batch, ask, energy));
        }
        if (wanted.delegate != address(0)) _draw(buyer, currency, wanted.delegate, held);
        _quote(batch, ask, bid.price, trade.firstBlock, _profileOf(trade));
    }

    /// @dev The Wh of a profile that must lie within the slots of both orders.
    function _sumWithin(
        Order memory offer,
        Order memory bid,
        uint256 firstBlock,
        Profile[] calldata profile
    ) private pure returns (uint256 energy) {
        energy = _sumOf(profile);
        uint256 firstSlot = offer.firstSlot > bid.firstSlot ? offer.firstSlot : bid.firstSlot;
        uint256 lastSlot = offer.lastSlot < bid.lastSlot ? offer.lastSlot : bid.lastSlot;
        if (_isWithin(firstSlot, lastSlot, firstBlock, profile)) return energy;
        // One of them says where it ends.
        _checkWithin(offer, firstBlock, profile);
        _checkWithin(bid, firstBlock, profile);
    }

    /// @dev Why an order can't be filled with `energy` Wh of `source` by `taker`, or zero.
    /// @param lanes What is filled of it, as in {Fills}.
    function _defectOf(
        Judged memory judged,
        uint64 counter,
        uint256 lanes,
        address taker,
        Source source,
        uint256 energy
    ) private view returns (bytes4 defect) {
        if (!judged.signed) return IOrders.Orders_BadSignature.selector;
        defect = _defectOf(judged.order, counter, taker, source);
        if (defect == 0) defect = _fillDefectOf(judged.order, lanes, energy);
    }

    /// @dev Moves the energy of a match. Returns why it can't, or zero.
    function _move(Batch memory batch, Trade memory trade, address seller, address buyer) private returns (bytes4) {
        uint256 line = EnergyId.lineOf(batch.microgrid, trade.source);
        try batch.energy.move(seller, buyer, line, trade.firstBlock, _profileOf(trade)) returns (uint256) {
            return 0;
        } catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            if (
                selector == IERC1155Errors.ERC1155InsufficientBalance.selector ||
                selector == IEnergyToken.EnergyToken_Overflow.selector
            ) return ISettlement.Settlement_NotCovered.selector;
            // Any other failure, lack of gas above all, is not the match's.
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
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
    function _pay(Batch memory batch, mapping(address holder => Account) storage accounts) private {
        uint256 fee = batch.terms.networkFee;
        uint256 charges;
        for (uint256 i = 0; i < batch.trades.length; ++i) {
            Trade memory trade = batch.trades[i];
            uint256 energy = trade.energy;
            if (energy == 0) continue;
            (Judged memory offered, Judged memory wanted) = (trade.offered, trade.wanted);
            (Order memory offer, Order memory bid) = (offered.order, wanted.order);
            uint256 cost = _costOf(batch, trade.firstBlock, _profileOf(trade));
            uint256 charge = Money.charge(fee, energy);
            _credit(accounts[bid.maker], Money.cost(bid.price, energy) - cost);
            _credit(accounts[offer.maker], cost - charge);
            charges += charge;
            emit ISettlement.Matched(offered.orderHash, wanted.orderHash, offer.nonce, bid.nonce, cost, charge);
        }
        _payDsos(batch.terms.currency, batch.microgrid, batch.microgrid, charges);
    }

    /// @dev What a profile costs at the batch's prices, rounded up once.
    function _costOf(
        Batch memory batch,
        uint256 firstBlock,
        Profile[] calldata profile
    ) private pure returns (uint256 cost) {
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
                        cost := add(cost, mul(mload(laneAt), and(word, 0xffffffff)))
                        laneAt := add(laneAt, 0x20)
                    }
                    priceAt := add(priceAt, 0x100)
                }
            }
        }
        cost = Money.cost(cost, 1);
    }

    /// @dev While islanded no ordinary bid is filled in a slot in which a critical load's live bid wants more.
    function _checkCriticalLoads(Batch memory batch) private view {
        Judged[] memory all = batch.judged;
        for (uint256 i = 0; i < all.length; ++i) {
            all[i].critical = all[i].order.side == Side.Bid && _isCritical(batch.meters, all[i].order);
        }
        for (uint256 i = 0; i < all.length; ++i) {
            if (!all[i].critical || !_isShort(all[i], batch.terms.currency)) continue;
            for (uint256 j = 0; j < batch.trades.length; ++j) {
                Trade memory trade = batch.trades[j];
                if (trade.energy == 0 || trade.wanted.critical) continue;
                _checkOutside(all[i].order, i, trade);
            }
        }
    }

    function _isCritical(IMeters meters, Order memory order) private view returns (bool) {
        Meter memory meter = meters.meterOf(order.meter);
        return meter.critical && meter.active && meter.owner == order.maker && meter.microgrid == order.microgrid;
    }

    /// @dev Whether a bid is alive and wants more than it got; one that can't pay is not short but broke.
    function _isShort(Judged memory judged, address currency) private view returns (bool) {
        Order memory bid = judged.order;
        if (!judged.signed || block.timestamp > bid.deadline) return false;
        Account storage account = _account(currency, bid.maker);
        uint256 lanes = _fillsOf(bid.maker, bid.nonce).lanes;
        uint256 left = _leftOf(bid, lanes);
        uint256 cost = Money.cost(bid.price, left);
        return
            bid.counter == account.counter &&
            left != 0 &&
            _fillDefectOf(bid, lanes, left) == 0 &&
            account.balance >= cost &&
            (judged.delegate == address(0) || _allowance(bid.maker, currency, judged.delegate) >= cost);
    }

    function _checkOutside(Order memory critical, uint256 index, Trade memory ordinary) private pure {
        Profile[] calldata profile = _profileOf(ordinary);
        for (uint256 i = 0; i < profile.length; ++i) {
            uint256 blockNumber = ordinary.firstBlock + i;
            uint256 mask = ProfileLib.maskOf(blockNumber, critical.firstSlot, critical.lastSlot);
            uint256 taken = Profile.unwrap(profile[i]) & mask;
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
}
