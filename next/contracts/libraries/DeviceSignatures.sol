// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { P256 } from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import { Signatures } from "./Signatures.sol";

/// @notice Signatures of meters: secp256k1 (64 or 65 bytes) or P-256 (128 bytes: r, s, x, y), as secure elements make them.
library DeviceSignatures {
    /// @notice Who signed `hash`; zero when the signature is none.
    /// @dev Reverts with {Errors-MissingPrecompile} for a P-256 signature on a chain without EIP-7951.
    function signerOf(bytes32 hash, bytes calldata signature) internal view returns (address) {
        if (signature.length != 128) return Signatures.signerOf(hash, signature);
        (bytes32 r, bytes32 s) = (bytes32(signature[:32]), bytes32(signature[32:64]));
        (bytes32 x, bytes32 y) = (bytes32(signature[64:96]), bytes32(signature[96:]));
        return P256.verifyNative(hash, r, s, x, y) ? addressOfP256(x, y) : address(0);
    }

    /// @notice The address of a P-256 key. The prefix keeps it apart from all addresses of secp256k1 keys.
    function addressOfP256(bytes32 x, bytes32 y) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked("P256", x, y)))));
    }
}
