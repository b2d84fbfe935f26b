// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a household does by signature alone
/// @notice `withdraw`, `lock`, `authorize`, `cancel` and `cancelAll` by EIP-712 signature, which anyone may submit: a household
/// without ETH can do everything. Signed by the holder's key (64 or 65 bytes) or accepted by a contract wallet (ERC-1271). Each carries the
/// holder's next nonce and a deadline.
interface IMandates {
    /// @notice The signature's last moment has passed.
    error Mandates_Expired(uint40 deadline, uint256 time);
    /// @notice The holder has not signed this, or has used the nonce.
    error Mandates_BadSignature(address holder);

    /// @notice {IEscrow-withdraw} for `holder`, who signed
    /// `Withdrawal(address holder,address currency,uint256 amount,address to,uint256 nonce,uint40 deadline)`.
    function withdrawFor(
        address holder,
        address currency,
        uint256 amount,
        address to,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice {IEscrow-lock} for `holder`, who signed
    /// `Locking(address holder,address currency,address settler,address signer,uint40 until,uint256 nonce,uint40 deadline)`.
    function lockFor(
        address holder,
        address currency,
        address settler,
        address signer,
        uint40 until,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice {IOrders-authorize} for `maker`, who signed
    /// `Authorization(address maker,address currency,address delegate,uint256 amount,uint40 until,uint256 nonce,uint40 deadline)`.
    function authorizeFor(
        address maker,
        address currency,
        address delegate,
        uint256 amount,
        uint40 until,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice {IOrders-cancel} for `maker`, who signed
    /// `Cancellation(address maker,uint64[] nonces,uint256 nonce,uint40 deadline)`.
    function cancelFor(address maker, uint64[] calldata nonces, uint40 deadline, bytes calldata signature) external;

    /// @notice {IEscrow-cancelAll} for `maker`, who signed
    /// `CancellationOfAll(address maker,address currency,uint256 nonce,uint40 deadline)`.
    function cancelAllFor(
        address maker,
        address currency,
        uint40 deadline,
        bytes calldata signature
    ) external returns (uint64 counter);

    /// @notice The next nonce of a holder's mandates.
    function mandateNonceOf(address holder) external view returns (uint256);
}
