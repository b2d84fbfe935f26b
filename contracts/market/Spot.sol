// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Take } from "../interfaces/IDeals.sol";
import { Order } from "../interfaces/IOrders.sol";
import { ISpot } from "../interfaces/ISpot.sol";
import { EnergyId } from "../libraries/EnergyId.sol";
import { Taking } from "./Taking.sol";

/// @notice Taking a posted price of energy that is already minted. See {ISpot}.
abstract contract Spot is Taking, ISpot {
    /// @inheritdoc ISpot
    function accept(
        Order calldata order,
        bytes calldata signature,
        Take calldata take
    ) external override returns (uint256 sentWh) {
        // Check
        Deal memory deal = _roomForDeal()[0];
        _take(deal, order, signature, take, false);
        (Party memory offered, Party memory wanted) = (deal.offered, deal.wanted);
        (Order memory offer, Order memory bid) = (offered.order, wanted.order);
        sentWh = deal.sentWh;

        // Effect
        _book(deal);
        (uint256 cost, uint256 charges) = (deal.cost, deal.charges);
        unchecked {
            // No price is below its charge.
            _credit(_accountAt(offered.accountAt), cost - charges);
        }
        _payDsos(offered.community.currency, offer.microgrid, bid.microgrid, charges);
        if (deal.countsSent) {
            emit Traded(offered.orderHash, offer.maker, bid.maker, offer.nonce, sentWh, cost, charges);
        } else {
            emit Traded(wanted.orderHash, bid.maker, offer.maker, bid.nonce, deal.arrivedWh, cost, charges);
        }

        // Interaction, with our own token only
        uint256 line = EnergyId.lineOf(offer.microgrid, deal.source);
        if (deal.home) {
            _energy().move(offer.maker, bid.maker, line, deal.firstBlock, deal.sent);
        } else {
            uint256 lineTo = EnergyId.lineOf(bid.microgrid, deal.source);
            _energy().moveAcross(offer.maker, bid.maker, line, lineTo, deal.firstBlock, deal.sent, deal.arrived);
        }
    }
}
