// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { ERC1155 } from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// @notice OpenZeppelin's own ERC-1155, for tests to hold {EnergyToken} against.
contract ReferenceERC1155 is ERC1155 {
    constructor() ERC1155("") {}

    /// @notice Moves tokens without approval or hook, as meters and market do; zero addresses mint and burn.
    function update(address from, address to, uint256[] calldata ids, uint256[] calldata values) external {
        _update(from, to, ids, values);
    }

    /// @notice Burns the caller's tokens.
    function burn(uint256[] calldata ids, uint256[] calldata values) external {
        _burnBatch(_msgSender(), ids, values);
    }
}
