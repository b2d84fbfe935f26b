// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice The shape of most published energy markets: each offer and each trade is a struct in storage, one slot
/// each, and the buyer pays the seller by ERC-20. There is no token of energy: a balance per holder and slot stands
/// for it.
contract TextbookMarket {
    struct Offer {
        uint256 id;
        address seller;
        uint256 slot;
        uint256 energy;
        uint256 price;
        bool active;
    }

    struct Trade {
        uint256 offerId;
        address seller;
        address buyer;
        uint256 energy;
        uint256 cost;
        uint256 timestamp;
    }

    IERC20 public immutable currency;
    uint256 public offerCount;
    uint256 public tradeCount;
    mapping(uint256 id => Offer) public offers;
    mapping(uint256 id => Trade) public trades;
    mapping(address holder => mapping(uint256 slot => uint256)) public energyOf;

    event OfferListed(uint256 indexed id, address indexed seller, uint256 slot, uint256 energy, uint256 price);
    event Traded(uint256 indexed id, uint256 indexed offerId, address indexed buyer, uint256 energy, uint256 cost);

    constructor(IERC20 currency_) {
        currency = currency_;
    }

    function produce(uint256 slot, uint256 energy) external {
        energyOf[msg.sender][slot] += energy;
    }

    function list(uint256 slot, uint256 energy, uint256 price) external returns (uint256 id) {
        require(energyOf[msg.sender][slot] >= energy, "not enough energy");
        energyOf[msg.sender][slot] -= energy;
        id = ++offerCount;
        offers[id] = Offer(id, msg.sender, slot, energy, price, true);
        emit OfferListed(id, msg.sender, slot, energy, price);
    }

    function buy(uint256 offerId) external {
        Offer storage offer = offers[offerId];
        require(offer.active, "no such offer");
        offer.active = false;
        uint256 cost = (offer.price * offer.energy) / 1000;
        uint256 id = ++tradeCount;
        trades[id] = Trade(offerId, offer.seller, msg.sender, offer.energy, cost, block.timestamp);
        energyOf[msg.sender][offer.slot] += offer.energy;
        require(currency.transferFrom(msg.sender, offer.seller, cost), "payment failed");
        emit Traded(id, offerId, msg.sender, offer.energy, cost);
    }
}
