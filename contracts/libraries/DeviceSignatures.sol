// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { P256 } from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import { Signatures } from "./Signatures.sol";

/// @notice Signatures as meters make them: by a secp256k1 key (64 or 65 bytes), or by the P-256 key of a secure element (128
/// bytes: r, s, x, y).
library DeviceSignatures {
    uint256 private constant P256_SIZE = 128;

    /// @notice The address of the device that signed `hash`; zero when none did.
    /// @dev Reverts with {Errors-MissingPrecompile} on a chain that can't verify P-256.
    function signerOf(bytes32 hash, bytes calldata signature) internal view returns (address) {
        if (signature.length != P256_SIZE) return Signatures.signerOf(hash, signature);
        (bytes32 r, bytes32 s, bytes32 x, bytes32 y) = abi.decode(signature, (bytes32, bytes32, bytes32, bytes32));
        return P256.verifyNative(hash, r, s, x, y) ? addressOfP256(x, y) : address(0);
    }

    /// @notice The address of a P-256 key. The prefix keeps it apart from every secp256k1 key's.
    function addressOfP256(bytes32 x, bytes32 y) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked("P256", x, y)))));
    }
}
