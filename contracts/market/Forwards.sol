// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IForwards, Position, Release } from "../interfaces/IForwards.sol";
import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { Order } from "../interfaces/IOrders.sol";
import { Take } from "../interfaces/ITrading.sol";
import { EnergyId } from "../libraries/EnergyId.sol";
import { Money } from "../libraries/Money.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Room } from "./Room.sol";

/// @notice Trading energy that is still to come. See {IForwards}.
contract Forwards is Room {
    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @notice See {IForwards-reserve}.
    function reserve(Order calldata order, bytes calldata signature, Take calldata take) external {
        // Check
        (Order memory copy, bytes32 structHash) = _read(order);
        if (!copy.forward) revert IForwards.Forwards_IsSpot(copy.maker, copy.nonce);

        // Check and effect
        (Deal memory deal, ) = _strike(copy, structHash, signature, take);
        bool isOffer = deal.isOffer;
        Position memory position = Position({
            seller: deal.seller,
            buyer: deal.buyer,
            meter: isOffer ? copy.meter : take.meter,
            source: take.source,
            from: deal.from,
            to: deal.to,
            currency: deal.currency,
            // Prices are signed as 96 bits and charges stored as 72.
            price: uint96(deal.price),
            charge: uint96(deal.charge),
            bond: copy.bond,
            lossBps: deal.lossBps
        });
        bytes32 id = _idOf(position);
        (uint256 due, uint256 charge, uint256 bonded) = _grow(position, id, take.firstBlock, take.energy);
        _checkLimit(isOffer, due, charge, take.limit);
        if (deal.delegate != address(0)) _drawFor(deal, due + charge, bonded);
        _debit(_account(deal.currency, deal.buyer), deal.currency, deal.buyer, due + charge);
        _debit(_account(deal.currency, deal.seller), deal.currency, deal.seller, bonded);
        emit IForwards.Reserved(
            deal.orderHash,
            id,
            copy.maker,
            copy.nonce,
            isOffer ? deal.sent : deal.arrived,
            due + charge,
            bonded,
            position,
            take.firstBlock,
            take.energy
        );

        // Interaction, with our own meters only
        _meters().commit(position.meter, deal.seller, deal.from, take.source, take.firstBlock, take.energy);
    }

    /// @notice See {IForwards-release}.
    function release(Release[] calldata releases) external {
        if (releases.length == 0) revert IForwards.Forwards_NothingReleased();
        for (uint256 i = 0; i < releases.length; ++i) _release(releases[i].position, releases[i].blockNumber);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Adds energy to a position. A block locks what its whole energy costs, so that growing it locks the
    /// difference and releasing it pays out exactly what was locked.
    function _grow(
        Position memory position,
        bytes32 id,
        uint256 firstBlock,
        Profile[] calldata energy
    ) private returns (uint256 due, uint256 charge, uint256 bonded) {
        for (uint256 i = 0; i < energy.length; ++i) {
            if (energy[i].isZero()) continue;
            Profile before = _reserved[id][firstBlock + i];
            Profile grown = before.add(energy[i]);
            _reserved[id][firstBlock + i] = grown;
            (uint256 whBefore, uint256 wh) = (before.sum(), grown.sum());
            due += Money.cost(position.price, wh) - Money.cost(position.price, whBefore);
            charge += Money.charge(position.charge, wh) - Money.charge(position.charge, whBefore);
            bonded += Money.cost(position.bond, wh) - Money.cost(position.bond, whBefore);
        }
    }

    function _release(Position calldata position, uint32 blockNumber) private {
        // Check
        bytes32 id = _idOf(position);
        Profile energy = _reserved[id][blockNumber];
        if (energy.isZero()) revert IForwards.Forwards_NothingReserved(id, blockNumber);
        (Profile committed, Profile delivered, uint256 resolved) = _meters().deliveryOf(position.meter, blockNumber);
        uint256 waiting = ProfileLib.atLeast(energy, Profile.wrap(ProfileLib.ONES)) & ~resolved;
        if (waiting != 0) revert IForwards.Forwards_NotResolved(position.meter, blockNumber, waiting);

        // Effect
        _reserved[id][blockNumber] = ProfileLib.ZERO;
        Profile rest = ProfileLib.ZERO;
        Profile share = energy;
        if (Profile.unwrap(committed) != Profile.unwrap(delivered)) {
            share = energy.mulDiv(delivered, committed);
            rest = _restAfter(position.meter, blockNumber, energy, share, committed, delivered);
        }
        _payOut(position, id, blockNumber, energy.sum(), share);

        // Interaction, with our own token only
        uint256 line = EnergyId.lineOf(position.to, position.source);
        Profile[] memory words = new Profile[](1);
        words[0] = position.lossBps == 0 ? share : _arrivalOf(share, position.lossBps);
        _mint(position.buyer, line, blockNumber, words);
        if (!rest.isZero()) {
            words[0] = rest;
            line = EnergyId.lineOf(position.from, position.source);
            _mint(_meters().meterOf(position.meter).owner, line, blockNumber, words);
        }
    }

    /// @dev Mints one word. A holder whose lane is full must not keep others from their money: what doesn't fit is lost.
    function _mint(address to, uint256 line, uint32 blockNumber, Profile[] memory words) private {
        if (words[0].isZero()) return;
        try _energy().mint(to, line, blockNumber, words) {} catch (bytes memory reason) {
            // Any other failure, lack of gas above all, is not the holder's.
            if (bytes4(reason) != IEnergyToken.EnergyToken_Overflow.selector) revert IForwards.Forwards_MintFailed(to);
            emit IForwards.Unmintable(to, line, blockNumber, words[0]);
        }
    }

    /// @dev Pays out all that a block of a position has locked.
    function _payOut(
        Position calldata position,
        bytes32 id,
        uint32 blockNumber,
        uint256 energy,
        Profile share
    ) private {
        uint256 sent = share.sum();
        uint256 paid = Money.cost(position.price, sent);
        uint256 charge = Money.charge(position.charge, sent);
        // Each is at most what was locked for it, as `sent` is at most `energy`.
        uint256 refund = Money.cost(position.price, energy) + Money.charge(position.charge, energy) - paid - charge;
        uint256 bonded = Money.cost(position.bond, energy);
        uint256 kept = Money.cost(position.bond, sent);
        emit IForwards.Released(id, blockNumber, share, paid, charge, refund, bonded - kept);
        _credit(_account(position.currency, position.seller), paid + kept);
        _credit(_account(position.currency, position.buyer), refund + bonded - kept);
        _payDsos(position.currency, position.from, position.to, charge);
    }

    /// @dev Books a position's share of a block that fell short. Returns what rounding has left in the lanes whose last
    /// position this was.
    function _restAfter(
        address meter,
        uint256 blockNumber,
        Profile energy,
        Profile share,
        Profile committed,
        Profile delivered
    ) private returns (Profile) {
        Shared storage shared = _shared[meter][blockNumber];
        Profile allCommitted = shared.committed.add(energy);
        Profile allDelivered = shared.delivered.add(share);
        (shared.committed, shared.delivered) = (allCommitted, allDelivered);
        // Lanes in which this position had energy, and nobody else has any more.
        uint256 last =
            ProfileLib.atLeast(allCommitted, committed) & ProfileLib.atLeast(energy, Profile.wrap(ProfileLib.ONES));
        return ProfileLib.select(ProfileLib.fill(last), delivered.sub(allDelivered), ProfileLib.ZERO);
    }

    function _idOf(Position memory position) private pure returns (bytes32) {
        return keccak256(abi.encode(position));
    }
}
