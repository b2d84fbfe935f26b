// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { IERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import { IERC3009 } from "../interfaces/IERC3009.sol";
import { Account, IEscrow, Lock } from "../interfaces/IEscrow.sol";
import { IMandates } from "../interfaces/IMandates.sol";
import { Allowance, IOrders } from "../interfaces/IOrders.sol";
import { Signatures } from "../libraries/Signatures.sol";
import { Book } from "./Book.sol";
import { Transfers } from "./Transfers.sol";

/// @notice What holders say of their money and their orders, by a call or by a signature. A module of the marketplace, see
/// {Module}.
contract Mandates is Book, Transfers {
    uint256 private constant MOST_LOCK = 30 days;

    bytes32 private constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(address holder,address currency,uint256 amount,address to,uint256 nonce,uint40 deadline)"
    );
    bytes32 private constant LOCKING_TYPEHASH = keccak256(
        "Locking(address holder,address currency,address settler,address signer,uint40 until,uint256 nonce,uint40 deadline)"
    );
    bytes32 private constant AUTHORIZATION_TYPEHASH = keccak256(
        "Authorization(address maker,address currency,address delegate,uint256 amount,uint40 until,uint256 nonce,uint40 deadline)"
    );
    bytes32 private constant CANCELLATION_TYPEHASH = keccak256(
        "Cancellation(address maker,uint64[] nonces,uint256 nonce,uint40 deadline)"
    );
    bytes32 private constant CANCELLATION_OF_ALL_TYPEHASH = keccak256(
        "CancellationOfAll(address maker,address currency,uint256 nonce,uint40 deadline)"
    );

    // =================================================================================================
    // Entry points: deposits
    // =================================================================================================

    /// @notice See {IEscrow-depositWithPermit}.
    function depositWithPermit(
        address currency,
        address holder,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        if (msg.sender == holder) {
            // Anybody may have submitted the permit before: what counts is whether the approval is there.
            try IERC20Permit(currency).permit(holder, address(this), amount, deadline, v, r, s) {} catch {}
        } else {
            // An approval that is there may be meant for something else: only a permit that is taken now is the holder's word.
            // Currencies that take none may answer nothing instead of reverting, as WETH does; then the number stands still.
            uint256 taken = IERC20Permit(currency).nonces(holder);
            IERC20Permit(currency).permit(holder, address(this), amount, deadline, v, r, s);
            if (IERC20Permit(currency).nonces(holder) == taken) revert IEscrow.Escrow_NoPermit(currency, holder);
        }
        _deposit(currency, holder, amount);
    }

    /// @notice See {IEscrow-depositWithAuthorization}.
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
    ) external nonReentrant {
        uint256 before = IERC20(currency).balanceOf(address(this));
        // Only the receiver can submit it, so that whatever it brings is credited here.
        IERC3009(currency).receiveWithAuthorization(
            holder,
            address(this),
            amount,
            validAfter,
            validBefore,
            nonce,
            v,
            r,
            s
        );
        _arrived(currency, holder, before);
    }

    // =================================================================================================
    // Entry points: by a call
    // =================================================================================================

    /// @notice See {IEscrow-lock}.
    function lock(address currency, address settler, address signer, uint40 until) external {
        _lock(msg.sender, currency, settler, signer, until);
    }

    /// @notice See {IEscrow-cancelAll}.
    function cancelAll(address currency) external returns (uint64 counter) {
        return _cancelAll(msg.sender, currency);
    }

    /// @notice See {IOrders-cancel}.
    function cancel(uint64[] calldata nonces) external {
        _cancel(msg.sender, nonces);
    }

    /// @notice See {IOrders-authorize}.
    function authorize(address currency, address delegate, uint256 amount, uint40 until) external {
        _authorize(msg.sender, currency, delegate, amount, until);
    }

    // =================================================================================================
    // Entry points: by a signature
    // =================================================================================================

    /// @notice See {IMandates-withdrawFor}.
    function withdrawFor(
        address holder,
        address currency,
        uint256 amount,
        address to,
        uint40 deadline,
        bytes calldata signature
    ) external nonReentrant {
        uint256 nonce = _mandateNonces[holder]++;
        bytes memory said = abi.encode(WITHDRAWAL_TYPEHASH, holder, currency, amount, to, nonce, deadline);
        _checkSaid(holder, said, deadline, signature);
        _withdraw(currency, holder, amount, to);
    }

    /// @notice See {IMandates-lockFor}.
    function lockFor(
        address holder,
        address currency,
        address settler,
        address signer,
        uint40 until,
        uint40 deadline,
        bytes calldata signature
    ) external {
        uint256 nonce = _mandateNonces[holder]++;
        bytes memory said = abi.encode(LOCKING_TYPEHASH, holder, currency, settler, signer, until, nonce, deadline);
        _checkSaid(holder, said, deadline, signature);
        _lock(holder, currency, settler, signer, until);
    }

    /// @notice See {IMandates-authorizeFor}.
    function authorizeFor(
        address maker,
        address currency,
        address delegate,
        uint256 amount,
        uint40 until,
        uint40 deadline,
        bytes calldata signature
    ) external {
        uint256 nonce = _mandateNonces[maker]++;
        bytes memory said = abi.encode(
            AUTHORIZATION_TYPEHASH,
            maker,
            currency,
            delegate,
            amount,
            until,
            nonce,
            deadline
        );
        _checkSaid(maker, said, deadline, signature);
        _authorize(maker, currency, delegate, amount, until);
    }

    /// @notice See {IMandates-cancelFor}.
    function cancelFor(address maker, uint64[] calldata nonces, uint40 deadline, bytes calldata signature) external {
        uint256 nonce = _mandateNonces[maker]++;
        bytes32 hashed = keccak256(abi.encodePacked(nonces));
        _checkSaid(maker, abi.encode(CANCELLATION_TYPEHASH, maker, hashed, nonce, deadline), deadline, signature);
        _cancel(maker, nonces);
    }

    /// @notice See {IMandates-cancelAllFor}.
    function cancelAllFor(
        address maker,
        address currency,
        uint40 deadline,
        bytes calldata signature
    ) external returns (uint64 counter) {
        uint256 nonce = _mandateNonces[maker]++;
        bytes memory said = abi.encode(CANCELLATION_OF_ALL_TYPEHASH, maker, currency, nonce, deadline);
        _checkSaid(maker, said, deadline, signature);
        return _cancelAll(maker, currency);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    /// @dev Reverts unless the holder itself, no delegate of it, has signed `said` and its last moment has not passed.
    /// @param said An EIP-712 struct, encoded.
    function _checkSaid(address holder, bytes memory said, uint40 deadline, bytes calldata signature) private view {
        if (block.timestamp > deadline) revert IMandates.Mandates_Expired(deadline, block.timestamp);
        bytes32 digest = _hashTypedDataV4(keccak256(said));
        address signer = Signatures.signerOf(digest, signature);
        if (signer != address(0) && signer == holder) return;
        if (!Signatures.isAcceptedBy(holder, digest, signature)) revert IMandates.Mandates_BadSignature(holder);
    }

    function _lock(address holder, address currency, address settler, address signer, uint40 until) private {
        Account storage account = _account(currency, holder);
        Lock storage held = _lockOf(currency, holder);
        uint40 current = account.lockedUntil;
        bool inForce = block.timestamp < current;
        if (
            settler <= EVERYBODY ||
            settler == holder ||
            until <= block.timestamp ||
            until > block.timestamp + MOST_LOCK ||
            (inForce && (until <= current || settler != held.settler || signer != held.signer))
        ) revert IEscrow.Escrow_BadLock(until, current);
        account.lockedUntil = until;
        (held.settler, held.signer) = (settler, signer);
        emit IEscrow.Locked(currency, holder, settler, signer, until);
    }

    function _cancelAll(address maker, address currency) private returns (uint64 counter) {
        counter = ++_account(currency, maker).counter;
        emit IEscrow.AllCancelled(currency, maker, counter);
    }

    function _cancel(address maker, uint64[] calldata nonces) private {
        for (uint256 i = 0; i < nonces.length; ++i) {
            uint64 nonce = nonces[i];
            if (_isFirmNonce(nonce)) revert IOrders.Orders_Firm(maker, nonce);
            _fillsOf(maker, nonce).lanes |= 1 << (_laneOf(nonce) + 31);
            emit IOrders.Cancelled(maker, nonce);
        }
    }

    function _authorize(address maker, address currency, address delegate, uint256 amount, uint40 until) private {
        if (delegate == address(0) || delegate == maker) revert IOrders.Orders_BadDelegate(delegate);
        if (amount > type(uint120).max / THOUSANDTHS) revert IOrders.Orders_BadAllowance(amount);
        _allowances[maker][currency][delegate] = Allowance({ amount: uint120(amount * THOUSANDTHS), until: until });
        emit IOrders.Authorized(maker, currency, delegate, amount, until);
    }
}
