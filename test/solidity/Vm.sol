// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A recorded event.
struct Log {
    bytes32[] topics;
    bytes data;
    address emitter;
}

/// @notice The cheatcodes that our Solidity tests use.
interface Vm {
    function assertEq(uint256 left, uint256 right, string calldata message) external pure;

    function assertTrue(bool condition, string calldata message) external pure;

    function expectRevert(bytes calldata data) external;

    function addr(uint256 key) external pure returns (address);

    function sign(uint256 key, bytes32 hash) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function warp(uint256 time) external;

    /// @dev The next call comes from `sender`.
    function prank(address sender) external;

    /// @dev The creation code of a contract that was built.
    function getCode(string calldata contractName) external view returns (bytes memory);

    function recordLogs() external;

    /// @dev Everything since {recordLogs}, or since it was last asked.
    function getRecordedLogs() external returns (Log[] memory);
}

/// @dev Where Hardhat, like Foundry, answers cheatcodes.
Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
