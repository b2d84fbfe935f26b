// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Handler } from "./Handler.sol";
import { VM } from "./Vm.sol";

/// @notice What Wattline promises, whatever anyone does in whatever order:
/// (1) The marketplace has what its accounts, locked payments and bonds add up to, to the thousandth.
/// (2) Energy in hands, retired, lost on tie lines and kept for positions is what was reported, slot by slot and line by
///     line.
/// (3) No order is filled beyond what was signed, at another price than posted, after its deadline, or once cancelled.
/// (4) No slot of a meter is minted twice, nor above its capacity; its owner is minted what is not promised.
/// (5) An unlocked balance can be withdrawn, down to less than a base unit.
/// (6) Two limits trade at the community price or not at all; a limit and a posted price at the posted price, which is no
///     worse for the limit.
/// (7) Every position can be settled once all deadlines have passed, by anyone, and nothing stays locked.
/// (8) A delegate takes no money out, and spends no more than its allowance.
/// (9) Locked money moves in fills of the lock's settler only.
/// (10) What was promised first is served first: a position gets what its place in the queue gives.
/// (11) In an islanded slot nobody pays above the cap, and an ordinary meter gets no more than its ration.
/// @dev One invariant, because each function costs a campaign of its own; the failure names the promise. Half of the
/// promises are about a step and noted by {Handler} when it happens, the others about the state and checked here.
contract InvariantsTest is Handler {
    /// @dev What Foundry, and after it Hardhat, asks for the functions to call.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev None but this: otherwise everything that was deployed.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(this), _selectors());
    }

    function invariant_promisesAreKept() external view {
        _checkNothingBroken();
        _checkMoney();
        // A block a call: what does not add up stays so.
        _checkEnergy(_moneyInAccounts() % BLOCKS);
    }

    /// @dev Once per run, on its last state.
    function afterInvariant() external {
        _conclude();
        _checkNothingBroken();
        _checkMoney();
        VM.assertEq(_locked, 0, "(7) something stays locked");
        for (uint256 i = 0; i < BLOCKS; ++i) _checkEnergy(i);
        _withdrawEverything();
        _checkNothingBroken();
        _checkMoney();
    }

    /// @dev An invariant over actions that never succeed would always hold.
    function test_ActionsSucceed() external {
        bytes4[] memory selectors = _selectors();
        for (uint256 i = 0; i < 1500; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i + 1000)));
            (bool success, ) = address(this).call(abi.encodeWithSelector(selectors[seed % selectors.length], seed));
            VM.assertTrue(success, "an action failed");
        }
        string[13] memory actions = [
            "deposit",
            "withdraw",
            "lock",
            "report",
            "retire",
            "transfer",
            "trade",
            "reserve",
            "takeAgain",
            "settle",
            "release",
            "undelivered",
            "island"
        ];
        for (uint256 i = 0; i < actions.length; ++i) VM.assertTrue(_done[actions[i]] != 0, actions[i]);
    }

    function _checkNothingBroken() private view {
        VM.assertTrue(bytes(_broken).length == 0, _broken);
    }

    function _checkMoney() private view {
        uint256 held = CURRENCY.balanceOf(address(MARKET));
        VM.assertEq(held * UNIT, _moneyInAccounts() + _locked, "(1) money does not add up");
    }

    function _checkEnergy(uint256 index) private view {
        VM.assertTrue(_energyAddsUp(uint32(FIRST_BLOCK + index)), "(2) energy does not add up");
    }

    function _selectors() private pure returns (bytes4[] memory selectors) {
        // Some more than once: more of what the market is for, and less of what ends it.
        bytes4[26] memory all = [
            Handler.deposit.selector,
            Handler.withdraw.selector,
            Handler.lock.selector,
            Handler.authorize.selector,
            Handler.misuse.selector,
            Handler.passTime.selector,
            Handler.passTime.selector,
            Handler.govern.selector,
            Handler.report.selector,
            Handler.report.selector,
            Handler.report.selector,
            Handler.retire.selector,
            Handler.transfer.selector,
            Handler.trade.selector,
            Handler.trade.selector,
            Handler.reserve.selector,
            Handler.reserve.selector,
            Handler.takeAgain.selector,
            Handler.takeAgain.selector,
            Handler.settle.selector,
            Handler.settle.selector,
            Handler.cancel.selector,
            Handler.cancelAll.selector,
            Handler.release.selector,
            Handler.release.selector,
            Handler.undelivered.selector
        ];
        selectors = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) selectors[i] = all[i];
    }
}
