// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The cheatcodes that our Solidity tests use.
interface Vm {
    function assertEq(uint256 left, uint256 right, string calldata message) external pure;

    function assertTrue(bool condition, string calldata message) external pure;

    function expectRevert(bytes calldata data) external;
}

/// @dev Where Hardhat, like Foundry, answers cheatcodes.
Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
