// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Take } from "../interfaces/IDeals.sol";
import { Order } from "../interfaces/IOrders.sol";
import { Reservations } from "./Reservations.sol";
import { Taking } from "./Taking.sol";

/// @notice Taking a posted price of energy that is still to come. See {IForwards}; how it is settled is in {Releases}.
contract Forwards is Reservations, Taking {
    /// @notice See {IForwards-reserve}.
    function reserve(
        Order calldata order,
        bytes calldata signature,
        Take calldata take
    ) external returns (uint256 sentWh) {
        Deal memory deal = _roomForDeal()[0];
        _take(deal, order, signature, take, true);
        (bool reserved, bytes memory failure) = _reserve(deal);
        if (!reserved) {
            assembly ("memory-safe") {
                revert(add(failure, 0x20), mload(failure))
            }
        }
        return deal.sentWh;
    }
}
