// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IDeals } from "./IDeals.sol";
import { IEscrow } from "./IEscrow.sol";
import { IForwards } from "./IForwards.sol";
import { IMandates } from "./IMandates.sol";
import { IOrders } from "./IOrders.sol";
import { ISettlement } from "./ISettlement.sol";
import { ISpot } from "./ISpot.sol";

/// @title The marketplace: escrow, signed orders and trades
interface IMarketplace is IEscrow, IOrders, IMandates, IDeals, ISpot, ISettlement, IForwards {}
