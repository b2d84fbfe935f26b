// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

enum Side {
    Offer,
    Bid
}

/// @notice What a household signs to sell (an offer) or to buy (a bid) energy. It is a posted price or a limit, told by
/// `settler`.
/// @param maker Who signs, and whose escrow and energy move.
/// @param meter A meter of the maker in that microgrid: whose energy a forward offer sells, or which load a bid feeds in
/// islanded slots. Zero where neither matters.
/// @param microgrid Where the maker trades: it names the currency and the slots.
/// @param side Offer or Bid.
/// @param sources Bit i set: energy of `Source` i is offered, or welcome.
/// @param firstSlot The first delivery slot.
/// @param lastSlot The last delivery slot, included.
/// @param energy Wh at most over all slots together, at most 2^31 - 1.
/// @param price Base units of the currency per kWh: what an offer's maker receives for what is sent, what a bid's maker pays
/// for what arrives. Of a posted price exactly, of a limit at the worst.
/// @param forward Whether the energy is still to come (see `reserve`) rather than already minted (see `accept`).
/// @param bond Base units per kWh that the seller of a forward forfeits on shortfall: what an offer pledges, what a
/// bid demands.
/// @param mostAhead A forward bid: Wh of a slot that the seller's meter may have promised before this.
/// @param crosses Whether it may trade over a tie line. Its limit counts there, not the community price.
/// @param counterparty Who alone may trade against it; zero for anyone.
/// @param settler Zero: a posted price, for anyone who takes it. Else a limit, filled by `settle` alone, which this address
/// calls, or anyone ({IOrders-ANYONE}).
/// @param nonce Chosen by the maker, once per order; eight consecutive ones share a storage word. From 2^63 on the order is
/// firm, see {IEscrow-lock}.
/// @param counter The maker's counter in the currency's account, see {IEscrow-cancelAll}; 0 for a firm order.
/// @param deadline The last Unix time at which it can be filled; of a firm order at most the lock's end.
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
    uint32 mostAhead;
    bool crosses;
    address counterparty;
    address settler;
    uint64 nonce;
    uint64 counter;
    uint40 deadline;
}

/// @notice What a delegate may spend, in one storage word.
/// @param amount Thousandths of a base unit.
/// @param until The last Unix time at which what it signed can be filled.
struct Allowance {
    uint120 amount;
    uint40 until;
}

/// @title Signed orders
/// @notice Orders live off chain until they are filled. A maker signs by EIP-712 with an account of any kind:
/// 64- or 65-byte ECDSA signatures of the maker or a delegate first, then ERC-1271, which is asked once, with at most 400,000
/// gas. One bulk signature may cover up to 2^16 orders: a signature over the Merkle root of their hashes, followed by the
/// proof (32 bytes a level), the order's index (2 bytes) and the four bytes "bulk". What is signed is the EIP-712 type
/// `BulkOrder(Order[2]...[2] tree)` with one `[2]` a level, so that a wallet shows every order.
/// @dev A member of an order with a bit outside its type is refused with {Orders_StrayBits}: what is read is what is hashed.
interface IOrders {
    event Cancelled(address indexed maker, uint64 indexed nonce);
    /// @notice A delegate may sign orders for `maker` until it has spent `amount` base units, or `until` has passed.
    event Authorized(
        address indexed maker,
        address indexed currency,
        address indexed delegate,
        uint256 amount,
        uint40 until
    );
    /// @notice An order that a delegate signed has drawn on its allowance, in thousandths of a base unit.
    event Drawn(address indexed maker, address indexed currency, address indexed delegate, uint256 amount);

    /// @notice A member of an order has a bit outside its type.
    error Orders_StrayBits(uint256 member);
    /// @notice The order's last moment has passed.
    error Orders_Expired(uint40 deadline, uint256 time);
    /// @notice The maker has raised the counter since signing.
    error Orders_CounterRaised(address maker, uint64 signed, uint64 current);
    /// @notice The maker has cancelled the order.
    error Orders_IsCancelled(address maker, uint64 nonce);
    /// @notice Nothing is left of the order.
    error Orders_Filled(address maker, uint64 nonce);
    /// @notice The maker has not signed this.
    error Orders_BadSignature(address maker, bytes32 orderHash);
    /// @notice The delegate who signed has not that much left to spend, in thousandths of a base unit.
    error Orders_AllowanceExceeded(address maker, address delegate, uint256 left, uint256 needed);
    /// @notice A maker can't be its own delegate, nor can the zero address.
    error Orders_BadDelegate(address delegate);
    /// @notice An allowance has at most 2^120 - 1 thousandths of a base unit.
    error Orders_BadAllowance(uint256 amount);
    /// @notice The order is for somebody else.
    error Orders_NotCounterparty(address counterparty, address caller);
    /// @notice The order does not name this source.
    error Orders_SourceNotNamed(uint8 sources, uint8 source);
    /// @notice The order is a limit: only `settle` fills it, which `settler` calls.
    error Orders_NotSettler(address settler, address caller);
    /// @notice The order is firm, and no lock in force makes it so: another settler, another currency, or a deadline beyond it.
    error Orders_NoLock(address maker, uint64 nonce);
    /// @notice Firm orders can't be cancelled while their lock lasts.
    error Orders_Firm(address maker, uint64 nonce);

    /// @notice The settler of limits that anyone may fill by `settle`.
    function ANYONE() external view returns (address);

    /// @notice Cancels the caller's orders with these nonces, signed or not. None may be firm.
    function cancel(uint64[] calldata nonces) external;

    /// @notice Lets `delegate` sign orders for the caller until they have spent `amount` base units or `until` (Unix time) has
    /// passed, in place of what it had before; zero revokes it at once.
    /// @dev A fill draws what the buyer pays, energy sold being worth the community price at least; a forward offer draws its
    /// bond as well. A delegate can neither withdraw nor cancel. Where the allowance is too small, a contract wallet is
    /// asked whether the same signature is its own.
    function authorize(address currency, address delegate, uint256 amount, uint40 until) external;

    /// @notice What a delegate may still spend for a maker.
    function allowanceOf(address maker, address currency, address delegate) external view returns (Allowance memory);

    /// @notice How much of a maker's order is filled, in Wh, and whether it is cancelled. Not for firm orders.
    function fillOf(address maker, uint64 nonce) external view returns (uint256 energy, bool cancelled);

    /// @notice How much of a maker's firm order is filled, in Wh.
    function firmFillOf(
        address maker,
        address currency,
        address settler,
        uint64 nonce
    ) external view returns (uint256 energy);

    /// @notice What the maker signs for `order`.
    function hashOrder(Order calldata order) external view returns (bytes32);
}
