// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { ERC1155 as OpenZeppelinERC1155 } from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import { ERC1155 as SoladyERC1155 } from "solady/src/tokens/ERC1155.sol";

/// @notice Energy as most would tokenise it: OpenZeppelin's ERC-1155 with one storage word per holder and slot.
contract OpenZeppelinEnergy is OpenZeppelinERC1155("") {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }

    function mintBatch(address to, uint256[] calldata ids, uint256[] calldata amounts) external {
        _mintBatch(to, ids, amounts, "");
    }
}

/// @notice The same with Solady's ERC-1155, which is written in assembly throughout.
contract SoladyEnergy is SoladyERC1155 {
    function uri(uint256) public pure override returns (string memory) {
        return "";
    }

    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }

    function mintBatch(address to, uint256[] calldata ids, uint256[] calldata amounts) external {
        _batchMint(to, ids, amounts, "");
    }
}
