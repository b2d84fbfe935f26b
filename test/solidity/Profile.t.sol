// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Profile,
    ProfileLib,
    Profile_Malformed,
    Profile_Overflow,
    Profile_Underflow
} from "../../contracts/libraries/Profile.sol";
import { VM } from "./Vm.sol";

/// @notice {ProfileLib} against a plain model: eight numbers in an array.
/// @dev Plain random words would overflow in nearly every run and touch a boundary in none, so lanes are drawn
/// from a seed that picks boundary values often, and second operands lean on the first (see {_beside}).
contract ProfileTest {
    uint256 private constant LANES = 8;
    uint256 private constant MAX = 2 ** 31 - 1;
    uint256 private constant GUARD = 2 ** 31;

    // =================================================================================================
    // In and out of a word
    // =================================================================================================

    function testFuzz_CheckedTakesWordsWithoutGuardBits(uint256 seed) external {
        uint256[8] memory a = _lanes(seed);
        _expectLanes(ProfileLib.checked(_word(a)), a, "checked");

        uint256 guarded = _word(a) | _guards(1 + (seed % 255));
        VM.expectRevert(abi.encodeWithSelector(Profile_Malformed.selector, guarded));
        this.checked(guarded);
    }

    function testFuzz_CheckedRefusesExactlyGuardBits(uint256 word) external {
        bool guarded;
        for (uint256 i = 0; i < LANES; ++i) guarded = guarded || (word >> (32 * i)) & GUARD != 0;
        if (guarded) VM.expectRevert(abi.encodeWithSelector(Profile_Malformed.selector, word));
        Profile a = this.checked(word);
        if (!guarded) VM.assertEq(Profile.unwrap(a), word, "word");
    }

    function testFuzz_Lane(uint256 seed) external pure {
        uint256[8] memory a = _lanes(seed);
        // A guard bit that someone else gave a meaning to is no energy.
        Profile guarded = Profile.wrap(_word(a) | _guards(_next(seed)));
        for (uint256 i = 0; i < LANES; ++i) {
            VM.assertEq(_profile(a).lane(i), a[i], "lane");
            VM.assertEq(guarded.lane(i), a[i], "lane under a guard bit");
        }
    }

    function testFuzz_Uniform(uint256 seed) external {
        uint256 wh = _pick(seed);
        uint256[8] memory expected;
        for (uint256 i = 0; i < LANES; ++i) expected[i] = wh;
        _expectLanes(ProfileLib.uniform(wh), expected, "uniform");

        uint256 tooMuch = _aboveMax(seed);
        VM.expectRevert(abi.encodeWithSelector(Profile_Malformed.selector, tooMuch));
        this.uniform(tooMuch);
    }

    function testFuzz_Single(uint256 seed) external {
        uint256 wh = _pick(seed);
        uint256 tooMuch = _aboveMax(seed);
        for (uint256 i = 0; i < LANES; ++i) {
            uint256[8] memory expected;
            expected[i] = wh;
            _expectLanes(ProfileLib.single(i, wh), expected, "single");

            VM.expectRevert(abi.encodeWithSelector(Profile_Malformed.selector, tooMuch));
            this.single(i, tooMuch);
        }
    }

    // =================================================================================================
    // Arithmetic
    // =================================================================================================

    function testFuzz_Add(uint256 seed) external {
        uint256[8] memory a = _lanes(seed);
        uint256[8] memory spare;
        for (uint256 i = 0; i < LANES; ++i) spare[i] = MAX - a[i];
        uint256[8] memory b = _beside(spare, seed);

        bool overflows;
        uint256[8] memory total;
        for (uint256 i = 0; i < LANES; ++i) {
            total[i] = a[i] + b[i];
            overflows = overflows || total[i] > MAX;
        }
        if (overflows) {
            VM.expectRevert(abi.encodeWithSelector(Profile_Overflow.selector, _profile(a), _profile(b)));
            this.add(_profile(a), _profile(b));
        } else {
            _expectLanes(_profile(a).add(_profile(b)), total, "add");
        }
    }

    function testFuzz_Sub(uint256 seed) external {
        uint256[8] memory a = _lanes(seed);
        uint256[8] memory b = _beside(a, seed);

        bool underflows;
        uint256[8] memory rest;
        for (uint256 i = 0; i < LANES; ++i) {
            if (b[i] > a[i]) underflows = true;
            else rest[i] = a[i] - b[i];
        }
        if (underflows) {
            VM.expectRevert(abi.encodeWithSelector(Profile_Underflow.selector, _profile(a), _profile(b)));
            this.sub(_profile(a), _profile(b));
        } else {
            _expectLanes(_profile(a).sub(_profile(b)), rest, "sub");
        }
    }

    function testFuzz_Sum(uint256 seed) external pure {
        uint256[8] memory a = _lanes(seed);
        uint256 total;
        for (uint256 i = 0; i < LANES; ++i) total += a[i];
        VM.assertEq(_profile(a).sum(), total, "sum");
    }

    function test_SumOfFullLanes() external pure {
        VM.assertEq(ProfileLib.uniform(MAX).sum(), 8 * MAX, "sum");
    }

    // =================================================================================================
    // Comparing
    // =================================================================================================

    function testFuzz_AtLeastLeAndMin(uint256 seed) external pure {
        uint256[8] memory a = _lanes(seed);
        uint256[8] memory b = _beside(a, seed);

        uint256 lanesAtLeast;
        bool everyLaneAtMost = true;
        uint256[8] memory smaller;
        for (uint256 i = 0; i < LANES; ++i) {
            if (a[i] >= b[i]) lanesAtLeast |= 1 << i;
            if (a[i] > b[i]) everyLaneAtMost = false;
            smaller[i] = a[i] < b[i] ? a[i] : b[i];
        }
        VM.assertEq(_profile(a).atLeast(_profile(b)), _guards(lanesAtLeast), "atLeast");
        VM.assertTrue(_profile(a).le(_profile(b)) == everyLaneAtMost, "le");
        _expectLanes(_profile(a).min(_profile(b)), smaller, "min");
        _expectLanes(_profile(b).min(_profile(a)), smaller, "min, swapped");
    }

    function testFuzz_LeHoldsOfAnythingThatFitsWithin(uint256 seed) external pure {
        uint256[8] memory b = _lanes(seed);
        uint256[8] memory a = _within(b, seed);
        VM.assertTrue(_profile(a).le(_profile(b)), "le");
    }

    function testFuzz_CountAndIsZero(uint256 seed) external pure {
        uint256[8] memory a = _lanes(seed);
        uint256 emptied = _next(seed);
        uint256 expected;
        for (uint256 i = 0; i < LANES; ++i) {
            if ((emptied >> i) & 1 == 1) a[i] = 0;
            if (a[i] != 0) ++expected;
        }
        VM.assertEq(_profile(a).count(), expected, "count");
        VM.assertTrue(_profile(a).isZero() == (expected == 0), "isZero");
    }

    function test_NothingIsZero() external pure {
        VM.assertTrue(ProfileLib.ZERO.isZero(), "isZero");
        VM.assertEq(ProfileLib.ZERO.count(), 0, "count");
        for (uint256 i = 0; i < LANES; ++i) VM.assertTrue(!ProfileLib.single(i, 1).isZero(), "single lane");
    }

    // =================================================================================================
    // Masks
    // =================================================================================================

    function testFuzz_Select(uint256 seed, uint256 mask) external pure {
        uint256[8] memory a = _lanes(seed);
        uint256[8] memory b = _lanes(_next(seed));
        uint256[8] memory expected;
        uint256 lanesMask;
        for (uint256 i = 0; i < LANES; ++i) {
            bool chosen = (mask >> i) & 1 == 1;
            expected[i] = chosen ? a[i] : b[i];
            if (chosen) lanesMask |= uint256(type(uint32).max) << (32 * i);
        }
        _expectLanes(ProfileLib.select(lanesMask, _profile(a), _profile(b)), expected, "whole lanes");

        uint256 bits = (mask & _word(a)) | (~mask & _word(b));
        VM.assertEq(Profile.unwrap(ProfileLib.select(mask, _profile(a), _profile(b))), bits, "bits");
    }

    function testFuzz_MaskOf(uint32 blockNumber, uint256 seed) external pure {
        uint256 firstSlot = _slotNear(blockNumber, seed);
        uint256 lastSlot = _slotNear(blockNumber, _next(seed));
        uint256 expected;
        for (uint256 i = 0; i < LANES; ++i) {
            uint256 slot = LANES * blockNumber + i;
            if (firstSlot <= slot && slot <= lastSlot) expected |= uint256(type(uint32).max) << (32 * i);
        }
        VM.assertEq(ProfileLib.maskOf(blockNumber, firstSlot, lastSlot), expected, "maskOf");
    }

    function test_MaskOfEveryRunWithinABlock() external pure {
        for (uint256 first = 0; first < 24; ++first) {
            for (uint256 last = 0; last < 24; ++last) {
                uint256 expected;
                for (uint256 i = 0; i < LANES; ++i) {
                    if (first <= LANES + i && LANES + i <= last) expected |= uint256(type(uint32).max) << (32 * i);
                }
                VM.assertEq(ProfileLib.maskOf(1, first, last), expected, "maskOf");
            }
        }
    }

    /// @dev There are only 256 sets of lanes: all of them.
    function test_FillAndBitsOfEverySetOfLanes() external pure {
        for (uint256 set = 0; set < 256; ++set) {
            uint256 values;
            for (uint256 i = 0; i < LANES; ++i) if ((set >> i) & 1 == 1) values |= MAX << (32 * i);
            VM.assertEq(ProfileLib.fill(_guards(set)), values, "fill");
            VM.assertEq(ProfileLib.bitsOf(_guards(set)), set, "bitsOf");
        }
    }

    // =================================================================================================
    // What reverts, behind an external call that {Vm-expectRevert} can watch
    // =================================================================================================

    function checked(uint256 word) external pure returns (Profile) {
        return ProfileLib.checked(word);
    }

    function uniform(uint256 wh) external pure returns (Profile) {
        return ProfileLib.uniform(wh);
    }

    function single(uint256 index, uint256 wh) external pure returns (Profile) {
        return ProfileLib.single(index, wh);
    }

    function add(Profile a, Profile b) external pure returns (Profile) {
        return a.add(b);
    }

    function sub(Profile a, Profile b) external pure returns (Profile) {
        return a.sub(b);
    }

    // =================================================================================================
    // The model, and what it is fed
    // =================================================================================================

    function _word(uint256[8] memory a) private pure returns (uint256 word) {
        for (uint256 i = 0; i < LANES; ++i) word += a[i] * 2 ** (32 * i);
    }

    function _profile(uint256[8] memory a) private pure returns (Profile) {
        return Profile.wrap(_word(a));
    }

    function _expectLanes(Profile actual, uint256[8] memory expected, string memory what) private pure {
        VM.assertEq(Profile.unwrap(actual), _word(expected), what);
    }

    /// @dev The guard bits of a set of lanes, lane 0 lowest.
    function _guards(uint256 set) private pure returns (uint256 guards) {
        for (uint256 i = 0; i < LANES; ++i) if ((set >> i) & 1 == 1) guards |= GUARD << (32 * i);
    }

    function _next(uint256 seed) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed)));
    }

    /// @dev A lane's value: a boundary in six of ten cases.
    function _pick(uint256 seed) private pure returns (uint256) {
        uint256 random = _next(seed);
        uint256 kind = random % 10;
        if (kind == 0) return 0;
        if (kind == 1) return 1;
        if (kind == 2) return MAX - 1;
        if (kind == 3) return MAX;
        if (kind == 4) return 2 ** 30;
        if (kind == 5) return 2 ** 30 - 1;
        if (kind == 6) return (random >> 8) % 10_000;
        return (random >> 8) % (MAX + 1);
    }

    function _lanes(uint256 seed) private pure returns (uint256[8] memory a) {
        for (uint256 i = 0; i < LANES; ++i) a[i] = _pick(uint256(keccak256(abi.encode(seed, i))));
    }

    /// @dev At most `limit` in every lane, often exactly that.
    function _within(uint256[8] memory limit, uint256 seed) private pure returns (uint256[8] memory b) {
        for (uint256 i = 0; i < LANES; ++i) {
            uint256 random = uint256(keccak256(abi.encode("within", seed, i)));
            b[i] = random % 3 == 0 ? limit[i] : (random >> 8) % (limit[i] + 1);
        }
    }

    /// @dev A third each: within `limit` everywhere, one above it in one lane only, and no relation at all.
    function _beside(uint256[8] memory limit, uint256 seed) private pure returns (uint256[8] memory b) {
        uint256 random = uint256(keccak256(abi.encode("beside", seed)));
        if (random % 3 == 0) return _lanes(random);
        b = _within(limit, seed);
        uint256 index = (random >> 8) % LANES;
        if (random % 3 == 1 && limit[index] < MAX) b[index] = limit[index] + 1;
    }

    function _aboveMax(uint256 seed) private pure returns (uint256) {
        uint256 random = _next(seed);
        if (random % 4 == 0) return MAX + 1;
        if (random % 4 == 1) return type(uint256).max;
        return (random >> (random % 224)) | GUARD;
    }

    /// @dev A slot in or next to the block, or anywhere.
    function _slotNear(uint256 blockNumber, uint256 seed) private pure returns (uint256) {
        uint256 random = _next(seed);
        if (random % 8 == 0) return random >> (random % 256);
        uint256 slot = LANES * blockNumber + ((random >> 8) % 24);
        return slot < LANES ? slot : slot - LANES;
    }
}
