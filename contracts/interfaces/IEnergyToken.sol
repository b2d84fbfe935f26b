// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC1155MetadataURI } from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";
import { Source } from "../libraries/EnergyId.sol";
import { Profile } from "../libraries/Profile.sol";

/// @title Energy as ERC-1155 tokens
/// @notice One id per (microgrid, source, delivery slot), one unit per Wh. Eight consecutive slots of a holder
/// share one storage word.
/// @dev An integrator should know: ERC-1155 wants `onERC1155Received` of a contract asked for every token that comes in, and
/// this token knowingly does not, for mints by meters and moves by the market. A market that pushes energy must not be
/// stopped by a receiver. Transfers that a holder or its operator makes do ask, as ERC-1155 wants. A contract that relies on
/// the hook to learn of energy reads the transfer events or its balance instead.
interface IEnergyToken is IERC1155MetadataURI {
    /// @notice Energy was retired: it is used up and can never be traded again. Together with the
    /// transaction it is a granular certificate.
    /// @param energy Wh per slot, one word per block from `firstBlock` on.
    event Retired(
        address indexed holder,
        address indexed beneficiary,
        uint32 indexed microgrid,
        Source source,
        uint32 firstBlock,
        Profile[] energy,
        string purpose
    );

    /// @notice Only the meters contract mints, and the marketplace what meters have delivered to forwards.
    error EnergyToken_NotMinter(address caller);
    /// @notice Only the marketplace moves energy under signed orders.
    error EnergyToken_NotMarket(address caller);
    /// @notice A holder can't have more than 2^31 - 1 Wh of one slot.
    error EnergyToken_Overflow(address holder, uint256 id, uint256 balance, uint256 added);
    /// @notice Slots have 32 bits, so blocks have 29.
    error EnergyToken_BadBlocks(uint256 firstBlock, uint256 blocks);
    /// @notice Nothing to retire.
    error EnergyToken_NothingRetired();
    /// @notice The id names no slot of a microgrid.
    error EnergyToken_UnknownId(uint256 id);

    /// @notice Mints a profile to `to`, without hook. Only the meters contract, and the marketplace for what meters have
    /// delivered to forwards.
    /// @param line The line, see {EnergyId}.
    /// @param firstBlock The block of the first word.
    /// @param energy Wh per slot, one word per block.
    /// @return slots In how many slots energy came.
    function mint(
        address to,
        uint256 line,
        uint256 firstBlock,
        Profile[] calldata energy
    ) external returns (uint256 slots);

    /// @notice Moves a profile from `from` to `to`, without approval or hook. Only the marketplace, which does so
    /// only under an order that `from` signed or a call that `from` made. Reverts with {ERC1155InsufficientBalance} when
    /// `from` has too little, with {EnergyToken_Overflow} when `to` has too much already.
    /// @return slots In how many slots energy moved.
    function move(
        address from,
        address to,
        uint256 line,
        uint256 firstBlock,
        Profile[] calldata energy
    ) external returns (uint256 slots);

    /// @notice Moves a profile across a tie line: burns `sent` of `from` on one line and mints what `arrived` to `to` on
    /// the other. Only the marketplace, as with {move}.
    function moveAcross(
        address from,
        address to,
        uint256 lineFrom,
        uint256 lineTo,
        uint256 firstBlock,
        Profile[] calldata sent,
        Profile[] calldata arrived
    ) external;

    /// @notice Uses the caller's energy up, for good.
    /// @param microgrid Where it was delivered.
    /// @param source What it was made from.
    /// @param firstBlock The block of the first word.
    /// @param energy Wh per slot, one word per block.
    /// @param beneficiary On whose behalf; the caller's own address for one's own use.
    /// @param purpose A free text, such as the period and the building it is claimed for.
    function retire(
        uint32 microgrid,
        Source source,
        uint32 firstBlock,
        Profile[] calldata energy,
        address beneficiary,
        string calldata purpose
    ) external;

    /// @notice What `holder` has of a line over `blocks` blocks from `firstBlock` on.
    function profileOf(
        address holder,
        uint32 microgrid,
        Source source,
        uint32 firstBlock,
        uint256 blocks
    ) external view returns (Profile[] memory);
}
