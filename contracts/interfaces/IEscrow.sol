// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a holder has in escrow of one currency, in one storage word.
/// @param balance Thousandths of a base unit of the currency.
/// @param counter Orders carry it; raising it cancels all that were signed before.
/// @param lockedUntil Until this Unix time the money moves only in fills which the lock's settler makes.
struct Account {
    uint120 balance;
    uint64 counter;
    uint40 lockedUntil;
}

/// @notice Who a lock binds the money to.
/// @param settler Who alone may move the money, by filling the holder's orders.
/// @param signer A key that may sign firm orders beside the holder's own; zero for none.
struct Lock {
    address settler;
    address signer;
}

/// @title The one place where money is
/// @notice Money comes in by deposit and leaves by withdrawal only; trades move it between accounts. No operator,
/// no deployer and no trade can keep a holder from withdrawing what is not locked by its own word.
/// @dev Accounts count thousandths of a base unit, so that price x Wh is exact. Deposits and withdrawals are whole base units.
/// Assumptions about a currency: its balances change only by transfers (none of its own accord: a rebasing
/// token is not supported), and a transfer out by the escrow takes exactly the amount. A fee on the way in is fine:
/// what arrived is credited. A currency that breaks this hurts only those who hold it.
interface IEscrow {
    /// @param amount Base units that arrived.
    event Deposited(address indexed currency, address indexed holder, uint256 amount);
    /// @param amount Base units.
    event Withdrawn(address indexed currency, address indexed holder, address indexed to, uint256 amount);
    event Locked(
        address indexed currency,
        address indexed holder,
        address indexed settler,
        address signer,
        uint40 until
    );
    event AllCancelled(address indexed currency, address indexed holder, uint64 counter);

    /// @notice The account holds less than is needed, both in thousandths of a base unit.
    error Escrow_InsufficientBalance(address currency, address holder, uint256 balance, uint256 needed);
    /// @notice The escrow can't hold more than 2^120 - 1 thousandths of a base unit of a currency, all accounts together.
    error Escrow_BalanceOverflow(uint256 balance, uint256 added);
    /// @notice Nothing arrived.
    error Escrow_NothingDeposited(address currency);
    /// @notice Until then the money moves only in fills which the lock's settler makes.
    error Escrow_Locked(address currency, address holder, uint40 until);
    /// @notice A lock names a settler, is only prolonged, with the same settler and signer, and ends at most 30 days ahead.
    error Escrow_BadLock(uint40 until, uint40 current);
    /// @notice The currency has taken no permit by the holder.
    error Escrow_NoPermit(address currency, address holder);
    /// @notice Money can't be withdrawn to the zero address or to the escrow itself.
    error Escrow_BadRecipient(address to);

    /// @notice Brings money in for the caller, who has approved it; credits what arrived.
    /// @param currency An ERC-20 token.
    /// @param amount Base units.
    function deposit(address currency, uint256 amount) external;

    /// @notice Brings money in for `holder`, who has signed an ERC-2612 permit to this escrow for `amount`. Anyone may submit it.
    /// @dev When somebody has submitted the permit to the currency itself, the holder can still call this, as the approval is then
    /// there; others can't.
    function depositWithPermit(
        address currency,
        address holder,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Brings money in for `holder`, who has signed an ERC-3009 `ReceiveWithAuthorization` to this escrow. Anyone may
    /// submit it.
    function depositWithAuthorization(
        address currency,
        address holder,
        uint256 amount,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Takes the caller's money out.
    /// @param amount Base units.
    function withdraw(address currency, uint256 amount, address to) external;

    /// @notice Promises that until `until` (Unix time, at most 30 days ahead) the caller's money moves only in fills which
    /// `settler` makes. Firm orders, those with nonces from 2^63 on, are filled only while such a lock is in force, by its
    /// settler; they are signed by the holder's own key or by `signer`, draw on no allowance, and can't be cancelled.
    function lock(address currency, address settler, address signer, uint40 until) external;

    /// @notice Cancels every order of the caller in this currency that carries an earlier counter, but for firm ones.
    /// @return counter What new orders have to carry.
    function cancelAll(address currency) external returns (uint64 counter);

    /// @notice A holder's account in a currency.
    function accountOf(address currency, address holder) external view returns (Account memory);

    /// @notice Who the holder's lock names; see {Account} for whether it is in force.
    function lockOf(address currency, address holder) external view returns (Lock memory);
}
