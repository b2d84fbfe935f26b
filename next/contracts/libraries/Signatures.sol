// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice ECDSA signatures as wallets and devices make them: 65 bytes (r, s, v) or 64 bytes (ERC-2098).
library Signatures {
    /// @dev Enough for a wallet that checks a passkey's curve or the signatures of several owners. More would let one
    /// wallet's order burn the gas of a whole batch.
    uint256 private constant MOST_WALLET_GAS = 400_000;

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

    /// @notice Whether a contract wallet stands by a signature (ERC-1271) when it is asked with at most 400,000 gas.
    function isAcceptedBy(
        address wallet,
        bytes32 hash,
        bytes calldata signature
    ) internal view returns (bool accepted) {
        bytes4 yes = IERC1271.isValidSignature.selector;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
        uint256 most = MOST_WALLET_GAS;
        assembly ("memory-safe") {
            // Copies one word of the answer, however long a wallet makes it.
            let answered := staticcall(most, wallet, add(question, 0x20), mload(question), 0x00, 0x20)
            accepted := and(answered, and(gt(returndatasize(), 0x1f), eq(mload(0x00), yes)))
        }
    }
}
