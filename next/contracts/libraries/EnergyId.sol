// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What energy is made from.
enum Source {
    Solar,
    Wind,
    Hydro,
    Biogas,
    Cogeneration,
    Storage,
    Grid
}

/// @notice Names of energy. A *line* is the energy of one source in one microgrid over all time; a token id is
/// one delivery slot of a line.
/// @dev id = microgrid (32 bits) | source (8 bits) | slot (32 bits); line = id without the slot.
library EnergyId {
    /// @dev Blocks of a line: slots have 32 bits.
    uint256 internal constant BLOCKS = 2 ** 29;

    /// @notice The line of `source` in `microgrid`.
    function lineOf(uint32 microgrid, Source source) internal pure returns (uint256) {
        return (uint256(microgrid) << 8) | uint8(source);
    }

    /// @notice The token id of a slot of a line.
    function idOf(uint256 line, uint256 slot) internal pure returns (uint256) {
        return (line << 32) | slot;
    }

    /// @notice The key under which a line's balances of one block are stored.
    function blockKey(uint256 line, uint256 blockNumber) internal pure returns (uint256) {
        return (line << 32) | blockNumber;
    }

    /// @notice The line and the slot of a token id.
    function split(uint256 id) internal pure returns (uint256 line, uint256 slot) {
        return (id >> 32, uint32(id));
    }
}
