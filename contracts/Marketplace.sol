// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Multicall } from "@openzeppelin/contracts/utils/Multicall.sol";
import { IMarketplace } from "./interfaces/IMarketplace.sol";
import { Spot } from "./market/Spot.sol";

/// @notice Escrow, signed orders and trades in one contract. See {IMarketplace}.
// solhint-disable-next-line no-empty-blocks
contract Marketplace is Spot, Multicall, IMarketplace {}
