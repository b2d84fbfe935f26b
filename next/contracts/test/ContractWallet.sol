// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC1271 } from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import { Address } from "@openzeppelin/contracts/utils/Address.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice How a wallet answers when it is asked for a signature.
enum Answer {
    Right,
    Wrong,
    Revert,
    BurnGas
}

/// @notice A call that a wallet is to make.
struct Call {
    address to;
    bytes data;
}

/// @notice A smart account for tests: it signs by the key of its signer, once or several times, and it holds money, meters and energy as an
/// account with a key does. An account with a key may also delegate to it (EIP-7702), hence no constructor.
contract ContractWallet is IERC1271 {
    address private _signer;
    Answer private _answer;

    error ContractWallet_Reverting();

    function setUp(address signer, Answer answer) external {
        (_signer, _answer) = (signer, answer);
    }

    /// @notice Makes a call in the wallet's name.
    function execute(address target, bytes calldata data) external returns (bytes memory) {
        return Address.functionCall(target, data);
    }

    /// @notice Makes calls in the wallet's name, all of them or none.
    function executeAll(Call[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) Address.functionCall(calls[i].to, calls[i].data);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view override returns (bytes4) {
        if (_answer == Answer.Revert) revert ContractWallet_Reverting();
        if (_answer == Answer.BurnGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (_answer == Answer.Wrong) return 0xffffffff;
        // One signature behind the other, as accounts of several owners have it.
        for (uint256 start = 0; start == 0 || start < signature.length; start += 65) {
            uint256 end = start + 65 < signature.length ? start + 65 : signature.length;
            (address signer, , ) = ECDSA.tryRecoverCalldata(hash, signature[start:end]);
            if (signer != _signer) return 0xffffffff;
        }
        return IERC1271.isValidSignature.selector;
    }
}
