// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import { IEscrow } from "../interfaces/IEscrow.sol";

// Currencies that are legal, or pretend to be, and behave in one odd way each.

/// @notice Hands out as much as anyone asks for.
abstract contract OddToken is ERC20 {
    constructor() ERC20("Odd", "ODD") {}

    /// @notice Gives `to` the `amount`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Keeps one percent of every transfer.
contract FeeToken is OddToken {
    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : value / 100;
        super._update(from, to, value - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}

/// @notice Takes everything for itself: nothing ever arrives.
contract GreedyToken is OddToken {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, from == address(0) ? to : address(this), value);
    }
}

/// @notice Says no by `false` instead of reverting, and does nothing.
contract FalseToken is OddToken {
    /// @notice Says no.
    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }

    /// @notice Says no.
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @notice Reverts on every transfer, as a paused token does.
contract PausedToken is OddToken {
    error PausedToken_Paused();

    /// @notice Reverts.
    function transfer(address, uint256) public pure override returns (bool) {
        revert PausedToken_Paused();
    }

    /// @notice Reverts.
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        revert PausedToken_Paused();
    }
}

/// @notice Returns nothing from its transfers, as USDT does.
contract SilentToken {
    mapping(address holder => uint256) public balanceOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;

    error SilentToken_NotEnough();

    /// @notice Gives `to` the `amount`.
    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    /// @notice As ERC-20, without an answer.
    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    /// @notice As ERC-20, without an answer.
    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    /// @notice As ERC-20, without an answer.
    function transferFrom(address from, address to, uint256 amount) external {
        if (allowance[from][msg.sender] < amount) revert SilentToken_NotEnough();
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        if (balanceOf[from] < amount) revert SilentToken_NotEnough();
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Answers calls that it does not know with nothing, as WETH does.
contract AnsweringToken is OddToken {
    // solhint-disable-next-line no-complex-fallback, payable-fallback, no-empty-blocks
    fallback() external {}
}

/// @notice Says of every permit that it is taken, and takes none.
contract BoastingToken is OddToken {
    /// @notice How many permits of a holder were taken.
    mapping(address holder => uint256) public nonces;

    /// @notice Does nothing.
    // solhint-disable-next-line no-empty-blocks
    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external pure {}
}

/// @notice While the escrow waits for a deposit to arrive, calls it back; what arrives in between would count twice.
contract ReentrantToken is OddToken {
    bytes private _call;

    event CalledBack(bool success, bytes answer);

    /// @notice Makes `data` the call that the escrow gets during the next transfer, and brings what it may take.
    function callBack(address escrow, bytes calldata data) external {
        _call = data;
        _approve(address(this), escrow, type(uint256).max);
    }

    /// @notice Puts the token's own money into escrow.
    function deposit(IEscrow escrow, uint256 amount) external {
        _approve(address(this), address(escrow), amount);
        escrow.deposit(address(this), amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        bytes memory data = _call;
        if (data.length != 0 && from != address(0)) {
            delete _call;
            (bool success, bytes memory answer) = msg.sender.call(data);
            emit CalledBack(success, answer);
        }
        super._update(from, to, value);
    }
}
