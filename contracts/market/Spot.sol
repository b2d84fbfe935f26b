// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account } from "../interfaces/IEscrow.sol";
import { Terms } from "../interfaces/IMicrogrids.sol";
import { Order, Side } from "../interfaces/IOrders.sol";
import { ISpot, Take } from "../interfaces/ISpot.sol";
import { EnergyId } from "../libraries/EnergyId.sol";
import { Money } from "../libraries/Money.sol";
import { Profile } from "../libraries/Profile.sol";
import { Trading } from "./Trading.sol";

/// @notice Trading energy that is already minted. See {ISpot}.
abstract contract Spot is Trading, ISpot {
    /// @inheritdoc ISpot
    function accept(Order calldata order, bytes calldata signature, Take calldata take) external override {
        // Check
        address maker = order.maker;
        (uint32 microgrid, Terms memory terms) = _openMarketOf(maker, order.meter);
        Account storage account = _account(terms.currency, maker);
        bytes32 orderHash = hashOrder(order);
        if (order.forward) revert Spot_IsForward(orderHash);
        if (maker == msg.sender) revert Spot_SelfTrade(maker);
        _checkOrder(order, account.counter, msg.sender, take.source);
        Profile[] calldata profile = take.energy;
        uint256 energy = _sumWithin(order, take.firstBlock, profile);
        if (energy == 0) revert Spot_NothingTaken();
        (uint256 cost, uint256 fee) = _priced(order, take.limit, terms.networkFee, energy);
        _checkSignature(maker, orderHash, signature);

        // Effect
        _fill(order, maker, energy);
        address seller = msg.sender;
        address buyer = maker;
        Account storage sellers = _account(terms.currency, msg.sender);
        Account storage buyers = account;
        if (order.side == Side.Offer) {
            (seller, buyer) = (buyer, seller);
            (sellers, buyers) = (buyers, sellers);
        }
        _debit(buyers, terms.currency, buyer, cost);
        unchecked {
            // The fee is part of the cost.
            _credit(sellers, cost - fee);
        }
        if (fee != 0) _credit(_account(terms.currency, METERS.dsoOf(microgrid)), fee);
        emit Traded(orderHash, maker, msg.sender, order.nonce, energy, cost, fee);

        // Interaction, with our own token only
        ENERGY.move(seller, buyer, EnergyId.lineOf(microgrid, take.source), take.firstBlock, profile);
    }

    /// @dev What the buyer pays, and how much of it goes to the DSO.
    function _priced(
        Order calldata order,
        uint256 limit,
        uint256 networkFee,
        uint256 energy
    ) private pure returns (uint256 cost, uint256 fee) {
        cost = Money.cost(order.price, energy);
        fee = Money.cost(networkFee, energy);
        if (order.side == Side.Offer) {
            cost += fee;
            if (cost > limit) revert Spot_LimitMissed(cost, limit);
        } else {
            if (fee > cost) revert Spot_FeeExceedsPrice(fee, cost);
            if (cost - fee < limit) revert Spot_LimitMissed(cost - fee, limit);
        }
    }
}
