// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Prices are base units of a currency per kWh, energy is in Wh.
library Money {
    uint256 private constant WH_PER_KWH = 1000;

    /// @notice What is charged on `energy` Wh at `chargePerKwh`, rounded down to a base unit: a maker never gets less, or
    /// pays more, than was signed.
    /// @dev No overflow, as in {cost}.
    function charge(uint256 chargePerKwh, uint256 energy) internal pure returns (uint256) {
        unchecked {
            return (chargePerKwh * energy) / WH_PER_KWH;
        }
    }

    /// @notice What `energy` Wh cost at `pricePerKwh`, rounded up to a base unit.
    /// @dev `pricePerKwh` is below 2^96 and `energy` below 2^64: no overflow.
    function cost(uint256 pricePerKwh, uint256 energy) internal pure returns (uint256) {
        unchecked {
            return (pricePerKwh * energy + (WH_PER_KWH - 1)) / WH_PER_KWH;
        }
    }
}
