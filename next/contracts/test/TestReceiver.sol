// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC1155Receiver } from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import { IERC165 } from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @notice A receiver of ERC-1155 tokens that answers as it is told to, and says in events what it was told.
contract TestReceiver is IERC1155Receiver {
    enum Answer {
        Accept,
        Wrong,
        RevertSilently,
        RevertWithError,
        Panic
    }

    Answer private immutable ANSWER;

    event Received(address operator, address from, uint256 id, uint256 value, bytes data);
    event BatchReceived(address operator, address from, uint256[] ids, uint256[] values, bytes data);

    error TestReceiver_Refused(address from);

    constructor(Answer answer) {
        ANSWER = answer;
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155Received(
        address operator,
        address from,
        uint256 id,
        uint256 value,
        bytes calldata data
    ) external override returns (bytes4) {
        emit Received(operator, from, id, value, data);
        return _answer(from, IERC1155Receiver.onERC1155Received.selector);
    }

    /// @inheritdoc IERC1155Receiver
    function onERC1155BatchReceived(
        address operator,
        address from,
        uint256[] calldata ids,
        uint256[] calldata values,
        bytes calldata data
    ) external override returns (bytes4) {
        emit BatchReceived(operator, from, ids, values, data);
        return _answer(from, IERC1155Receiver.onERC1155BatchReceived.selector);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure override returns (bool) {
        return interfaceId == type(IERC1155Receiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _answer(address from, bytes4 accepted) private view returns (bytes4) {
        if (ANSWER == Answer.Wrong) return 0xdeadbeef;
        // solhint-disable-next-line reason-string, gas-custom-errors
        if (ANSWER == Answer.RevertSilently) revert();
        if (ANSWER == Answer.RevertWithError) revert TestReceiver_Refused(from);
        assert(ANSWER != Answer.Panic);
        return accepted;
    }
}
