// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC1155Receiver } from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import { IERC165 } from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import { Address } from "@openzeppelin/contracts/utils/Address.sol";

/// @notice Makes several calls in one transaction: when asked to, or out of the hook when it is given energy.
contract TestCaller is IERC1155Receiver {
    struct Call {
        address target;
        bytes data;
    }

    Call private _onReceipt;

    /// @notice Makes `calls`, one after another.
    function run(Call[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) Address.functionCall(calls[i].target, calls[i].data);
    }

    /// @notice Makes `call` the one that follows each receipt.
    function onReceipt(Call calldata call) external {
        _onReceipt = call;
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155Received(address, address, uint256, uint256, bytes calldata) external override returns (bytes4) {
        Address.functionCall(_onReceipt.target, _onReceipt.data);
        return IERC1155Receiver.onERC1155Received.selector;
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155BatchReceived(
        address,
        address,
        uint256[] calldata,
        uint256[] calldata,
        bytes calldata
    ) external pure override returns (bytes4) {
        return IERC1155Receiver.onERC1155BatchReceived.selector;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
