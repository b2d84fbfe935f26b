// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The part of ERC-3009 that the escrow uses. See https://eips.ethereum.org/EIPS/eip-3009.
interface IERC3009 {
    /// @notice Moves what `from` signed `ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256
    /// validBefore,bytes32 nonce)` for. Only `to` may call this.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}
