// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import { ERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice Play money for tests and local chains: six decimals, permit, and as much as anyone asks for.
contract TestEuro is ERC20Permit {
    /// @dev The chain id of Hardhat's and Anvil's development chains.
    uint256 private constant LOCAL = 31_337;

    /// @notice The chain is not a local one, where nobody takes play money for money.
    error TestEuro_NotLocal(uint256 chainId);

    constructor() ERC20("Test Euro", "tEUR") ERC20Permit("Test Euro") {
        if (block.chainid != LOCAL) revert TestEuro_NotLocal(block.chainid);
    }

    /// @notice Gives `to` the `amount`, in millionths of a Test Euro.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
