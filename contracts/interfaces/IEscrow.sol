// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a holder has in escrow of one currency, in one storage word.
/// @param balance Base units of the currency.
/// @param counter Orders carry it; raising it cancels all that were signed before.
/// @param lockedUntil Until this Unix time the holder has promised not to withdraw.
struct Account {
    uint128 balance;
    uint64 counter;
    uint64 lockedUntil;
}

/// @title The one place where money is
/// @notice Money comes in by deposit and leaves by withdrawal only; trades move it between accounts. No operator,
/// no deployer and no trade can keep a holder from withdrawing.
/// @dev Assumptions about a currency: its balances change only by transfers (none of its own accord: a rebasing
/// token is not supported), and a transfer out by the escrow takes exactly the amount. A fee on the way in is fine:
/// what arrived is credited. A currency that breaks this hurts only those who hold it.
interface IEscrow {
    event Deposited(address indexed currency, address indexed holder, uint256 amount);
    event Withdrawn(address indexed currency, address indexed holder, address indexed to, uint256 amount);
    event Locked(address indexed currency, address indexed holder, uint64 until);
    event AllCancelled(address indexed currency, address indexed holder, uint64 counter);

    /// @notice The account holds less than is needed.
    error Escrow_InsufficientBalance(address currency, address holder, uint256 balance, uint256 needed);
    /// @notice The escrow can't hold more than 2^128 - 1 base units of a currency, all accounts together.
    error Escrow_BalanceOverflow(uint256 balance, uint256 added);
    /// @notice Nothing arrived.
    error Escrow_NothingDeposited(address currency);
    /// @notice The holder has promised not to withdraw before then.
    error Escrow_Locked(address currency, address holder, uint64 until);
    /// @notice A lock can only be prolonged, by at most a year at a time.
    error Escrow_BadLock(uint64 until, uint64 current);
    /// @notice Money can't be withdrawn to the zero address or to the escrow itself.
    error Escrow_BadRecipient(address to);

    /// @notice Brings money in for the caller, who has approved it; credits what arrived.
    /// @param currency An ERC-20 token.
    /// @param amount Base units.
    function deposit(address currency, uint256 amount) external;

    /// @notice As {deposit}, with an ERC-2612 permit by the caller for `amount` in place of an approval.
    /// @dev A permit that somebody else has already spent on chain does no harm: the approval is then there.
    function depositWithPermit(
        address currency,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Promises not to withdraw before `until` (Unix time). While a community has no link to the chain, its relay
    /// honours only money that is locked past the outage; trades go on as ever.
    function lock(address currency, uint64 until) external;

    /// @notice Takes the caller's money out.
    function withdraw(address currency, uint256 amount, address to) external;

    /// @notice Cancels every order of the caller in this currency that carries an earlier counter.
    /// @return counter What new orders have to carry.
    function cancelAll(address currency) external returns (uint64 counter);

    /// @notice A holder's account in a currency.
    function accountOf(address currency, address holder) external view returns (Account memory);
}
