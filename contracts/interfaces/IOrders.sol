// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

enum Side {
    Offer,
    Bid
}

/// @notice What a household signs to sell (an offer) or to buy (a bid) energy.
/// @param maker Who signs, and whose escrow and energy move.
/// @param meter A meter of the maker in that microgrid: whose energy a forward offer sells, or which load an islanded
/// bid feeds. Zero where neither matters.
/// @param microgrid Where the maker trades: it names the currency and the slots.
/// @param side Offer or Bid.
/// @param sources Bit i set: energy of `Source` i is offered, or welcome.
/// @param firstSlot The first delivery slot.
/// @param lastSlot The last delivery slot, included.
/// @param energy Wh at most over all slots together, at most 2^31 - 1.
/// @param price Base units of the currency per kWh: what an offer's maker receives, what a bid's maker pays. The
/// network fee lies between the two and never worsens a signed price.
/// @param forward Whether the energy is still to come (see `reserve`) rather than already minted (see `accept`).
/// @param bond Base units per kWh that the seller of a forward forfeits on shortfall: what an offer pledges, what a
/// bid demands at least.
/// @param counterparty Who alone may trade against it; zero for anyone.
/// @param nonce Chosen by the maker, once per order; eight consecutive ones share a storage word.
/// @param counter The maker's counter in the currency's account, see {IEscrow-cancelAll}.
/// @param deadline The last Unix time at which it can be filled.
struct Order {
    address maker;
    address meter;
    uint32 microgrid;
    Side side;
    uint8 sources;
    uint32 firstSlot;
    uint32 lastSlot;
    uint32 energy;
    uint96 price;
    bool forward;
    uint96 bond;
    address counterparty;
    uint64 nonce;
    uint64 counter;
    uint40 deadline;
}

/// @title Signed orders
/// @notice Orders live off chain until they are filled. A maker signs by EIP-712 with an account of any kind:
/// 64- or 65-byte ECDSA signatures of the maker or a delegate first, then ERC-1271. One bulk signature may cover up
/// to 2^16 orders: a signature over the Merkle root of their hashes, followed by the order's index (2 bytes) and the
/// proof (32 bytes a level). What is signed is the EIP-712 type `BulkOrder(Order[2]...[2] tree)` with one `[2]` a
/// level, so that a wallet shows every order.
interface IOrders {
    event Cancelled(address indexed maker, uint64 indexed nonce);
    /// @notice A delegate may sign orders for `maker` until it has spent `allowance`.
    event Authorized(address indexed maker, address indexed currency, address indexed delegate, uint256 allowance);
    /// @notice An order that a delegate signed has drawn on its allowance.
    event Drawn(address indexed maker, address indexed currency, address indexed delegate, uint256 amount);

    /// @notice The order's last moment has passed.
    error Orders_Expired(uint40 deadline, uint256 time);
    /// @notice The maker has raised the counter since signing.
    error Orders_CounterRaised(address maker, uint64 signed, uint64 current);
    /// @notice The maker has cancelled the order.
    error Orders_IsCancelled(address maker, uint64 nonce);
    /// @notice The order does not have that much energy left.
    error Orders_Overfilled(address maker, uint64 nonce, uint256 left, uint256 asked);
    /// @notice The maker has not signed this.
    error Orders_BadSignature(address maker, bytes32 orderHash);
    /// @notice The delegate who signed has not that much left to spend.
    error Orders_AllowanceExceeded(address maker, address delegate, uint256 left, uint256 needed);
    /// @notice A maker can't be its own delegate, nor can the zero address.
    error Orders_BadDelegate(address delegate);
    /// @notice The order does not reach this slot.
    error Orders_OutsideSlots(uint256 slot, uint32 firstSlot, uint32 lastSlot);
    /// @notice The order is for somebody else.
    error Orders_NotCounterparty(address counterparty, address caller);
    /// @notice The order does not name this source.
    error Orders_SourceNotNamed(uint8 sources, uint8 source);

    /// @notice Cancels the caller's orders with these nonces, signed or not.
    function cancel(uint64[] calldata nonces) external;

    /// @notice Lets `delegate` sign orders for the caller until they have spent `allowance`, in place of what it had
    /// before; zero revokes it at once.
    /// @dev A fill draws what it costs the buyer (a bid in a batch: what it costs at the bid's limit), energy sold being
    /// worth the feed-in tariff at least; a forward offer draws its bond as well. A delegate can neither withdraw nor
    /// cancel.
    /// @param currency The money that may be spent.
    function authorize(address currency, address delegate, uint256 allowance) external;

    /// @notice What a delegate may still spend for a maker.
    function allowanceOf(address maker, address currency, address delegate) external view returns (uint256);

    /// @notice How much of a maker's order is filled, in Wh, and whether it is cancelled.
    function fillOf(address maker, uint64 nonce) external view returns (uint256 energy, bool cancelled);

    /// @notice What the maker signs for `order`.
    function hashOrder(Order calldata order) external view returns (bytes32);
}
