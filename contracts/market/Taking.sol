// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account, IEscrow } from "../interfaces/IEscrow.sol";
import { IDeals, Take } from "../interfaces/IDeals.sol";
import { IForwards } from "../interfaces/IForwards.sol";
import { IOrders, Order, Side } from "../interfaces/IOrders.sol";
import { ISpot } from "../interfaces/ISpot.sol";
import { ProfileLib } from "../libraries/Profile.sol";
import { Deals } from "./Deals.sol";

/// @notice A deal of a posted price and the caller who takes it.
abstract contract Taking is Deals {
    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Reads what is to be taken, cuts it to what can trade, and refuses it unless it is what the caller wants. Nothing
    /// has moved yet.
    /// @param forward Whether the energy is still to come.
    function _take(
        Deal memory deal,
        Order calldata signed,
        bytes calldata signature,
        Take calldata take,
        bool forward
    ) internal view {
        Party[] memory parties = _roomForParties(2);
        (Party memory maker, Party memory taker) = (parties[0], parties[1]);
        Order memory order = maker.order;
        _read(order, signed);
        if (order.forward != forward) {
            if (forward) revert IForwards.Forwards_IsSpot(order.maker, order.nonce);
            revert ISpot.Spot_IsForward(order.maker, order.nonce);
        }
        _judge(maker, signature, _communityOf(order.microgrid), _domainSeparatorV4(), false);
        _seat(taker, maker, take);
        bool isOffer = order.side == Side.Offer;
        (deal.offered, deal.wanted) = isOffer ? (maker, taker) : (taker, maker);
        (uint16 mine, uint16 theirs) = (take.takerSchedule, take.schedule);
        if (taker.order.microgrid == order.microgrid) mine = theirs;
        (deal.scheduleFrom, deal.scheduleTo) = isOffer ? (theirs, mine) : (mine, theirs);
        deal.source = take.source;
        deal.firstBlock = take.firstBlock;
        deal.sent = take.energy;
        deal.endSlot = uint256(type(uint32).max) + 1;

        bytes4 reason = _strike(deal);
        if (reason != 0) _refuse(maker, taker, deal, reason, take.leastWh);
        if (deal.sentWh < take.leastWh) {
            revert IDeals.Deals_NothingLeft(deal.sentWh, take.leastWh, deal.reason);
        }
        _checkLimit(deal, isOffer, take.limit);
        reason = _fundsDefectOf(deal);
        if (reason != 0) _refuseFunds(maker, deal, reason);
    }

    /// @dev The caller as a party: it takes whatever the order has, and trades where it says.
    function _seat(Party memory taker, Party memory maker, Take calldata take) private view {
        (Order memory order, Order memory taken) = (maker.order, taker.order);
        taker.community = maker.community;
        (taker.orderHash, taker.defect, taker.delegate, taker.fillsAt) = (0, 0, address(0), 0);
        Account storage account = _account(maker.community.currency, msg.sender);
        bytes32 accountAt;
        assembly ("memory-safe") {
            accountAt := account.slot
        }
        taker.accountAt = accountAt;
        (taken.maker, taken.meter, taken.microgrid) = (msg.sender, take.meter, take.microgrid);
        taken.side = order.side == Side.Offer ? Side.Bid : Side.Offer;
        (taken.sources, taken.firstSlot, taken.lastSlot) = (type(uint8).max, 0, type(uint32).max);
        (taken.energy, taken.price, taken.forward) = (uint32(ProfileLib.LANE_MAX), 0, order.forward);
        (taken.bond, taken.mostAhead, taken.crosses) = (order.bond, take.mostAhead, true);
        (taken.counterparty, taken.settler, taken.nonce) = (address(0), address(0), 0);
        (taken.counter, taken.deadline) = (0, 0);
    }

    /// @dev Checks the caller's limit per kWh over all that trades.
    function _checkLimit(Deal memory deal, bool isOffer, uint256 limit) private pure {
        // No price is higher, and the products fit.
        if (limit > type(uint128).max) limit = type(uint128).max;
        unchecked {
            if (isOffer) {
                if (deal.cost > limit * deal.arrivedWh) {
                    revert IDeals.Deals_LimitMissed(deal.cost, limit * deal.arrivedWh);
                }
            } else if (deal.cost - deal.charges < limit * deal.sentWh) {
                revert IDeals.Deals_LimitMissed(deal.cost - deal.charges, limit * deal.sentWh);
            }
        }
    }

    /// @dev Reverts with the error that `reason` names, and its values.
    function _refuse(
        Party memory maker,
        Party memory taker,
        Deal memory deal,
        bytes4 reason,
        uint256 leastWh
    ) private view {
        Order memory order = maker.order;
        if (reason == IOrders.Orders_Expired.selector) revert IOrders.Orders_Expired(order.deadline, block.timestamp);
        if (reason == IOrders.Orders_NotSettler.selector) {
            revert IOrders.Orders_NotSettler(order.settler, taker.order.maker);
        }
        if (reason == IOrders.Orders_CounterRaised.selector) {
            revert IOrders.Orders_CounterRaised(order.maker, order.counter, _accountAt(maker.accountAt).counter);
        }
        if (reason == IOrders.Orders_NoLock.selector) revert IOrders.Orders_NoLock(order.maker, order.nonce);
        if (reason == IOrders.Orders_BadSignature.selector) {
            revert IOrders.Orders_BadSignature(order.maker, maker.orderHash);
        }
        if (reason == IOrders.Orders_NotCounterparty.selector) {
            revert IOrders.Orders_NotCounterparty(order.counterparty, taker.order.maker);
        }
        if (reason == IOrders.Orders_SourceNotNamed.selector) {
            revert IOrders.Orders_SourceNotNamed(order.sources, uint8(deal.source));
        }
        if (reason == IDeals.Deals_SelfTrade.selector) revert IDeals.Deals_SelfTrade(order.maker);
        revert IDeals.Deals_NothingLeft(0, leastWh, reason);
    }

    function _refuseFunds(Party memory maker, Deal memory deal, bytes4 reason) private view {
        (Party memory offered, Party memory wanted) = (deal.offered, deal.wanted);
        address currency = maker.community.currency;
        if (reason == IOrders.Orders_AllowanceExceeded.selector) {
            address signer = maker.order.maker;
            revert IOrders.Orders_AllowanceExceeded(
                signer,
                maker.delegate,
                _allowances[signer][currency][maker.delegate].amount,
                deal.cost + deal.bonded
            );
        }
        _checkFunds(offered, currency, deal.bonded);
        _checkFunds(wanted, currency, deal.cost);
    }

    function _checkFunds(Party memory party, address currency, uint256 amount) private view {
        address holder = party.order.maker;
        Account storage account = _accountAt(party.accountAt);
        bytes4 reason = _moneyDefectOf(account, currency, holder, amount);
        if (reason == IEscrow.Escrow_Locked.selector) {
            revert IEscrow.Escrow_Locked(currency, holder, account.lockedUntil);
        }
        if (reason != 0) revert IEscrow.Escrow_InsufficientBalance(currency, holder, account.balance, amount);
    }
}
