// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IEscrow } from "./IEscrow.sol";
import { IForwards } from "./IForwards.sol";
import { IOrders } from "./IOrders.sol";
import { ISettlement } from "./ISettlement.sol";
import { ISpot } from "./ISpot.sol";
import { ITrading } from "./ITrading.sol";

/// @title The marketplace: escrow, signed orders and trades
interface IMarketplace is IEscrow, IOrders, ITrading, ISpot, ISettlement, IForwards {}
