// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { IERC3009 } from "../interfaces/IERC3009.sol";
import { TestEuro } from "./TestEuro.sol";

/// @notice Play money that takes authorizations, as USDC and EURC do.
contract TestEuro3009 is TestEuro, IERC3009 {
    bytes32 private constant TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    mapping(address from => mapping(bytes32 nonce => bool)) public authorizationState;

    error TestEuro3009_Refused();

    /// @inheritdoc IERC3009
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
    ) external override {
        bytes32 said = keccak256(abi.encode(TYPEHASH, from, to, value, validAfter, validBefore, nonce));
        bool inTime = block.timestamp > validAfter && block.timestamp < validBefore;
        if (
            msg.sender != to ||
            !inTime ||
            authorizationState[from][nonce] ||
            ECDSA.recover(_hashTypedDataV4(said), v, r, s) != from
        ) revert TestEuro3009_Refused();
        authorizationState[from][nonce] = true;
        _transfer(from, to, value);
    }
}
