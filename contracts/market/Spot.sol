// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Account } from "../interfaces/IEscrow.sol";
import { Order } from "../interfaces/IOrders.sol";
import { ISpot } from "../interfaces/ISpot.sol";
import { Take } from "../interfaces/ITrading.sol";
import { EnergyId } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";
import { Trading } from "./Trading.sol";

/// @notice Trading energy that is already minted. See {ISpot}.
abstract contract Spot is Trading, ISpot {
    /// @inheritdoc ISpot
    function accept(Order calldata order, bytes calldata signature, Take calldata take) external override {
        // Check
        (Order memory copy, bytes32 structHash) = _read(order);
        if (copy.forward) revert Spot_IsForward(copy.maker, copy.nonce);

        // Check and effect
        (Deal memory deal, Account storage makers) = _strike(copy, structHash, signature, take);
        bool isOffer = deal.isOffer;
        (uint256 due, uint256 charge) = _costOf(deal, isOffer, take.limit);
        uint256 cost = due + charge;
        if (deal.delegate != address(0)) _drawFor(deal, cost, 0);
        Account storage takers = _account(deal.currency, msg.sender);
        _debit(isOffer ? takers : makers, deal.currency, deal.buyer, cost);
        _credit(isOffer ? makers : takers, due);
        if (charge != 0) _payDsos(deal.currency, deal.from, deal.to, charge);
        emit Traded(
            deal.orderHash,
            isOffer ? deal.seller : deal.buyer,
            msg.sender,
            copy.nonce,
            isOffer ? deal.sent : deal.arrived,
            cost,
            charge
        );

        // Interaction, with our own token only
        uint256 line = EnergyId.lineOf(deal.from, take.source);
        if (deal.from == deal.to) {
            _energy().move(deal.seller, deal.buyer, line, take.firstBlock, take.energy);
        } else {
            Profile[] memory arrived = _arriving(take.energy, deal.lossBps);
            uint256 lineTo = EnergyId.lineOf(deal.to, take.source);
            _energy().moveAcross(deal.seller, deal.buyer, line, lineTo, take.firstBlock, take.energy, arrived);
        }
    }
}
