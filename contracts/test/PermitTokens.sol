// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { OddToken } from "./OddTokens.sol";

// Currencies in use whose approvals are not those of the newest standards.

/// @notice Takes permits of ERC-2612 in a domain of version 2 that it does not describe (no ERC-5267), as USDC does.
contract VersionTwoToken is OddToken {
    bytes32 private constant _DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant _PERMIT = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    /// @notice How many permits of a holder were taken.
    mapping(address holder => uint256) public nonces;

    error VersionTwoToken_BadPermit();

    /// @notice ERC-2612.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 message = keccak256(abi.encode(_PERMIT, owner, spender, value, nonces[owner]++, deadline));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), message));
        address signer = ecrecover(digest, v, r, s);
        if (signer == address(0) || signer != owner || block.timestamp > deadline) revert VersionTwoToken_BadPermit();
        _approve(owner, spender, value);
    }

    /// @notice ERC-2612.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(abi.encode(_DOMAIN, keccak256(bytes(name())), keccak256("2"), block.chainid, address(this)));
    }
}

/// @notice Has a permit of its own kind, for everything or nothing, as DAI has. This one is never taken.
contract AllOrNothingToken is OddToken {
    /// @notice The type of its permit.
    bytes32 public constant PERMIT_TYPEHASH = keccak256(
        "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)"
    );

    /// @notice How many permits of a holder were taken.
    mapping(address holder => uint256) public nonces;

    /// @notice The hash of its domain.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256(bytes(name())),
                    keccak256("1"),
                    block.chainid,
                    address(this)
                )
            );
    }
}

/// @notice An allowance can be changed only from nothing or to nothing, as USDT has it.
contract ResetFirstToken is OddToken {
    /// @notice Refuses without a reason.
    function approve(address spender, uint256 value) public override returns (bool) {
        // solhint-disable-next-line gas-custom-errors, reason-string
        require(value == 0 || allowance(msg.sender, spender) == 0);
        return super.approve(spender, value);
    }
}
