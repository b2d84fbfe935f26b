// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { EIP712 } from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @notice What a good team writes in a week: offers signed off chain, partly fillable and cancellable, on standard
/// tokens. Seller and buyer approve this contract.
contract SignedSale is EIP712 {
    using SafeERC20 for IERC20;

    /// @param firstId The first token id on offer.
    /// @param lastId The last one, included.
    /// @param energy Wh at most over all ids together.
    /// @param price Base units of the currency per kWh.
    struct Offer {
        address maker;
        IERC1155 token;
        uint256 firstId;
        uint256 lastId;
        uint256 energy;
        uint256 price;
        IERC20 currency;
        uint256 nonce;
        uint256 deadline;
    }

    bytes32 private constant OFFER_TYPEHASH = keccak256(
        "Offer(address maker,address token,uint256 firstId,uint256 lastId,uint256 energy,uint256 price,"
        "address currency,uint256 nonce,uint256 deadline)"
    );
    uint256 private constant CANCELLED = type(uint256).max;

    /// @notice Wh filled of an offer; all ones when it is cancelled.
    mapping(bytes32 offerHash => uint256) public filled;

    event Sold(bytes32 indexed offerHash, address indexed maker, address indexed buyer, uint256 energy, uint256 cost);
    event OfferCancelled(bytes32 indexed offerHash);

    error BadSignature();
    error Cancelled();
    error Expired();
    error NotMaker();
    error OutsideOffer(uint256 id);
    error Overfilled();

    constructor() EIP712("Signed sale", "1") {}

    function buy(
        Offer calldata offer,
        bytes calldata signature,
        uint256[] calldata ids,
        uint256[] calldata amounts
    ) external {
        if (block.timestamp > offer.deadline) revert Expired();
        bytes32 offerHash = hashOffer(offer);
        if (ECDSA.recover(offerHash, signature) != offer.maker) revert BadSignature();

        uint256 energy;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] < offer.firstId || ids[i] > offer.lastId) revert OutsideOffer(ids[i]);
            energy += amounts[i];
        }
        uint256 soFar = filled[offerHash];
        if (soFar == CANCELLED) revert Cancelled();
        if (soFar + energy > offer.energy) revert Overfilled();
        filled[offerHash] = soFar + energy;

        uint256 cost = (offer.price * energy + 999) / 1000;
        emit Sold(offerHash, offer.maker, msg.sender, energy, cost);
        offer.currency.safeTransferFrom(msg.sender, offer.maker, cost);
        if (ids.length == 1) offer.token.safeTransferFrom(offer.maker, msg.sender, ids[0], amounts[0], "");
        else offer.token.safeBatchTransferFrom(offer.maker, msg.sender, ids, amounts, "");
    }

    function cancel(Offer calldata offer) external {
        if (msg.sender != offer.maker) revert NotMaker();
        bytes32 offerHash = hashOffer(offer);
        filled[offerHash] = CANCELLED;
        emit OfferCancelled(offerHash);
    }

    function hashOffer(Offer calldata offer) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(OFFER_TYPEHASH, offer)));
    }
}
