// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IEnergyToken } from "../interfaces/IEnergyToken.sol";
import { IForwards, Position, Release } from "../interfaces/IForwards.sol";
import { EnergyId } from "../libraries/EnergyId.sol";
import { Profile, ProfileLib } from "../libraries/Profile.sol";
import { Module } from "./Module.sol";

/// @notice Settling forwards once they are delivered, or overdue. See {IForwards}.
contract Releases is Module {
    /// @dev How long only the buyer decides whether what is overdue is called undelivered.
    uint256 private constant BUYERS_TIME = 30 days;

    // =================================================================================================
    // Entry points
    // =================================================================================================

    /// @notice See {IForwards-release}.
    function release(Release[] calldata releases) external {
        for (uint256 i = 0; i < releases.length; ++i) _release(releases[i], false);
    }

    /// @notice See {IForwards-undelivered}.
    function undelivered(Release[] calldata releases) external {
        for (uint256 i = 0; i < releases.length; ++i) _release(releases[i], true);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Settles those blocks of a position that can be.
    /// @param calling Whether slots without a reading are called undelivered.
    function _release(Release calldata asked, bool calling) private {
        Position calldata position = asked.position;
        bytes32 id = keccak256(abi.encode(position));
        (uint256 open, uint256 blocks) = (_open[id], asked.blocks);
        uint256 settled;
        for (uint256 i = 0; blocks >> i != 0; ++i) {
            if ((blocks >> i) & 1 == 0) continue;
            bytes4 reason = IForwards.Forwards_NotOpen.selector;
            if ((open >> i) & 1 == 1) reason = _releaseBlock(position, id, i, calling);
            if (reason == 0) settled |= 1 << i;
            else emit IForwards.NotReleased(id, uint32(position.firstBlock + i), reason);
        }
        // Written once: nothing that the blocks call on can come back here.
        if (settled != 0) _open[id] = open & ~settled;
    }

    /// @dev Settles a block of a position. Returns what keeps it, or zero.
    function _releaseBlock(
        Position calldata position,
        bytes32 id,
        uint256 index,
        bool calling
    ) private returns (bytes4) {
        // Check
        uint256 blockNumber = position.firstBlock + index;
        Profile energy = position.energy[index];
        (, Profile delivered, uint256 reported) = _meters().deliveryOf(position.meter, uint32(blockNumber));
        uint256 missing = ProfileLib.atLeast(energy, Profile.wrap(ProfileLib.ONES)) & ~reported;
        if (missing != 0) {
            if (!calling) return IForwards.Forwards_NotReported.selector;
            if (!_isOverdue(position, blockNumber, missing)) return IForwards.Forwards_NotOverdue.selector;
        }

        // Effect
        Profile share = energy.min(delivered.sub(delivered.min(position.ahead[index])));
        _giveBack(position, blockNumber, energy.sub(share));
        _payOut(position, id, uint32(blockNumber), energy, share, missing);

        // Interaction, with our own token only
        _mint(position, uint32(blockNumber), _arrivalOf(share, position.lossBps));
        return 0;
    }

    /// @dev Whether the caller may call slots of a block undelivered.
    /// @param missing Their guard bits.
    function _isOverdue(Position calldata position, uint256 blockNumber, uint256 missing) private view returns (bool) {
        bool isBuyer = msg.sender == position.buyer || msg.sender == position.buyerDelegate;
        uint256 since = isBuyer ? block.timestamp : block.timestamp - BUYERS_TIME;
        uint256 lanes = ProfileLib.bitsOf(missing);
        for (uint256 lane = 0; lane < ProfileLib.LANES; ++lane) {
            if ((lanes >> lane) & 1 == 0) continue;
            uint256 slot = blockNumber * ProfileLib.LANES + lane;
            if (since < _microgrids().overdueAt(position.from, uint32(slot))) return false;
        }
        return true;
    }

    /// @dev Frees what was held of a line or of a ration for energy that was not delivered.
    function _giveBack(Position calldata position, uint256 blockNumber, Profile short) private {
        if (short.isZero()) return;
        if (position.from != position.to) {
            uint256 direction = _directionOf(position.from, position.to);
            _flows[direction][blockNumber] = _flows[direction][blockNumber].sub(short);
        } else if (position.rationed != address(0)) {
            _rationed[position.rationed][blockNumber] = _rationed[position.rationed][blockNumber].sub(short);
        }
    }

    /// @dev Pays out all that a block of a position has locked: the buyer's price of its energy, and the seller's bond and,
    /// across a line, wheeling charge.
    function _payOut(
        Position calldata position,
        bytes32 id,
        uint32 blockNumber,
        Profile energy,
        Profile share,
        uint256 missing
    ) private {
        (uint256 promisedWh, uint256 sentWh) = (energy.sum(), share.sum());
        uint256 locked = position.price * _countedWh(position, energy, promisedWh);
        uint256 paid = position.price * _countedWh(position, share, sentWh);
        uint256 forfeited = uint256(position.bond) * (promisedWh - sentWh);
        uint256 bonded = uint256(position.bond) * promisedWh;
        // Across a line the capacity was held for all that was promised, and the seller has locked that charge.
        uint256 charge = uint256(position.charge) * sentWh;
        if (position.from != position.to) {
            charge = uint256(position.charge) * promisedWh;
            bonded += charge;
        }
        emit IForwards.Released(id, blockNumber, share, missing, paid, charge, locked - paid, forfeited);
        address currency = position.currency;
        _credit(_account(currency, position.seller), paid + bonded - charge - forfeited);
        _credit(_account(currency, position.buyer), locked - paid + forfeited);
        _payDsos(currency, position.from, position.to, charge);
    }

    /// @dev The Wh of a block that its price counts.
    function _countedWh(Position calldata position, Profile sent, uint256 sentWh) private pure returns (uint256) {
        return position.perArrived ? _arrivalOf(sent, position.lossBps).sum() : sentWh;
    }

    /// @dev What is left of a block after a line's loss, as a forward loses it.
    function _arrivalOf(Profile sent, uint256 lossBps) private pure returns (Profile) {
        if (lossBps == 0) return sent;
        unchecked {
            uint256 word;
            for (uint256 lane = 0; lane < ProfileLib.LANES; ++lane) {
                uint256 wh = sent.lane(lane);
                word |= (wh - _lossOf(lossBps, 0, wh)) << (lane * 32);
            }
            return Profile.wrap(word);
        }
    }

    /// @dev Mints what arrives. A holder whose lane is full must not keep others from their money: what doesn't fit is lost.
    function _mint(Position calldata position, uint32 blockNumber, Profile energy) private {
        if (energy.isZero()) return;
        Profile[] memory words = new Profile[](1);
        words[0] = energy;
        (address to, uint256 line) = (position.buyer, EnergyId.lineOf(position.to, position.source));
        try _energy().mint(to, line, blockNumber, words) {} catch (bytes memory reason) {
            // Any other failure, lack of gas above all, is not the holder's.
            if (bytes4(reason) != IEnergyToken.EnergyToken_Overflow.selector) revert IForwards.Forwards_MintFailed(to);
            emit IForwards.Unmintable(to, line, blockNumber, energy);
        }
    }
}
