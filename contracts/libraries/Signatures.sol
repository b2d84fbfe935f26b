// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice ECDSA signatures as wallets and devices make them: 65 bytes (r, s, v) or 64 bytes (ERC-2098).
library Signatures {
    /// @notice Who signed `hash`; zero when `signature` has another length, a high s, or is none at all.
    function signerOf(bytes32 hash, bytes calldata signature) internal pure returns (address signer) {
        if (signature.length == 64) {
            (signer, , ) = ECDSA.tryRecover(hash, bytes32(signature[:32]), bytes32(signature[32:]));
        } else if (signature.length == 65) {
            (signer, , ) = ECDSA.tryRecover(
                hash,
                uint8(signature[64]),
                bytes32(signature[:32]),
                bytes32(signature[32:64])
            );
        }
    }
}
