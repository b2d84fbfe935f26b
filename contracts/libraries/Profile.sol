// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Energy as a vector over time: Wh in each of the eight delivery slots of one block, in one word.
/// @dev Lane `i` holds the slot `8 * block + i` in bits `32 * i` to `32 * i + 30`; bit `32 * i + 31` is its
/// guard bit. A profile is well formed when every guard bit is clear. All arithmetic below expects
/// well-formed operands, checks every lane and returns well-formed results; words from outside enter
/// through {ProfileLib-checked}.
type Profile is uint256;

/// @notice A lane would exceed 2^31 - 1 Wh.
error Profile_Overflow(Profile a, Profile b);

/// @notice A lane of `a` is smaller than the same lane of `b`.
error Profile_Underflow(Profile a, Profile b);

/// @notice A word from outside has a guard bit set.
error Profile_Malformed(uint256 word);

using ProfileLib for Profile global;

library ProfileLib {
    /// @dev Slots in a block.
    uint256 internal constant LANES = 8;
    /// @dev The most one lane holds, in Wh.
    uint256 internal constant LANE_MAX = type(uint32).max >> 1;
    /// @dev The guard bit of every lane.
    uint256 internal constant GUARDS = 0x8000000080000000800000008000000080000000800000008000000080000000;
    /// @dev One in every lane.
    uint256 internal constant ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;
    /// @dev The low half of every pair of lanes.
    uint256 private constant PAIRS = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;

    Profile internal constant ZERO = Profile.wrap(0);

    /// @notice `word` as a profile; reverts with {Profile_Malformed} when a guard bit is set.
    function checked(uint256 word) internal pure returns (Profile) {
        if (word & GUARDS != 0) revert Profile_Malformed(word);
        return Profile.wrap(word);
    }

    /// @notice `wh` in every lane. `wh` is at most {LANE_MAX}.
    function uniform(uint256 wh) internal pure returns (Profile) {
        if (wh > LANE_MAX) revert Profile_Malformed(wh);
        return Profile.wrap(wh * ONES);
    }

    /// @notice `wh` in the lane `index` (0 to 7) and nothing elsewhere. `wh` is at most {LANE_MAX}.
    function single(uint256 index, uint256 wh) internal pure returns (Profile) {
        if (wh > LANE_MAX) revert Profile_Malformed(wh);
        return Profile.wrap(wh << (index << 5));
    }

    /// @notice The Wh in lane `index` (0 to 7).
    function lane(Profile a, uint256 index) internal pure returns (uint256) {
        return (Profile.unwrap(a) >> (index << 5)) & LANE_MAX;
    }

    /// @notice Lane by lane `a + b`; reverts with {Profile_Overflow} when a lane does not fit.
    function add(Profile a, Profile b) internal pure returns (Profile) {
        // Two 31-bit lanes sum to at most 32 bits: a carry lands in the lane's own guard bit.
        unchecked {
            uint256 total = Profile.unwrap(a) + Profile.unwrap(b);
            if (total & GUARDS != 0) revert Profile_Overflow(a, b);
            return Profile.wrap(total);
        }
    }

    /// @notice Lane by lane `a - b`; reverts with {Profile_Underflow} when a lane of `b` is the larger.
    function sub(Profile a, Profile b) internal pure returns (Profile) {
        // Each lane borrows from its own guard bit, which survives exactly when a >= b there.
        unchecked {
            uint256 difference = (Profile.unwrap(a) | GUARDS) - Profile.unwrap(b);
            if (difference & GUARDS != GUARDS) revert Profile_Underflow(a, b);
            return Profile.wrap(difference ^ GUARDS);
        }
    }

    /// @notice Whether every lane of `a` is at most the same lane of `b`.
    function le(Profile a, Profile b) internal pure returns (bool) {
        return atLeast(b, a) == GUARDS;
    }

    /// @notice The smaller of `a` and `b`, lane by lane.
    function min(Profile a, Profile b) internal pure returns (Profile) {
        return select(fill(atLeast(b, a)), a, b);
    }

    /// @notice The sum of the eight lanes in Wh, below 2^34.
    function sum(Profile a) internal pure returns (uint256 wh) {
        // Neighbouring lanes fold into four 64-bit sums, which one multiplication gathers in the top 64 bits.
        unchecked {
            uint256 word = Profile.unwrap(a);
            uint256 pairs = (word & PAIRS) + ((word >> 32) & PAIRS);
            return (pairs * 0x0000000000000001000000000000000100000000000000010000000000000001) >> 192;
        }
    }

    /// @notice `a` where `mask` has its bits set, `b` elsewhere.
    function select(uint256 mask, Profile a, Profile b) internal pure returns (Profile) {
        return Profile.wrap(Profile.unwrap(b) ^ ((Profile.unwrap(a) ^ Profile.unwrap(b)) & mask));
    }

    /// @notice The lanes of block `blockNumber` that lie in the slots `firstSlot` to `lastSlot`, both included,
    /// as a mask of all 32 bits of each such lane; zero when none does.
    function maskOf(uint256 blockNumber, uint256 firstSlot, uint256 lastSlot) internal pure returns (uint256 mask) {
        unchecked {
            uint256 start = blockNumber * LANES;
            // Shifting by 256 bits or more leaves nothing: a block that lies outside needs no case of its own.
            mask = type(uint256).max;
            if (firstSlot > start) mask <<= (firstSlot - start) << 5;
            if (lastSlot < start + 7) mask &= type(uint256).max >> ((start + 7 - lastSlot) << 5);
        }
    }

    /// @notice The guard bits of the lanes in which `a` is at least `b`.
    function atLeast(Profile a, Profile b) internal pure returns (uint256 guards) {
        unchecked {
            return ((Profile.unwrap(a) | GUARDS) - Profile.unwrap(b)) & GUARDS;
        }
    }

    /// @notice The value bits (not the guard) of every lane whose bit is set in `guards`.
    function fill(uint256 guards) internal pure returns (uint256 mask) {
        unchecked {
            return guards - (guards >> 31);
        }
    }

    /// @notice The guard bits in `guards` gathered into the low eight bits, lane 0 lowest.
    function bitsOf(uint256 guards) internal pure returns (uint256) {
        // Multiplying by the sum of 2^(224 - 31 j) puts the bit of lane i at 224 + i; every other product lands
        // below 224 or above 255, and no two on the same bit, so nothing carries.
        unchecked {
            return ((guards >> 31) * 0x0000000100000002000000040000000800000010000000200000004000000080) >> 224;
        }
    }

    /// @notice The guard bits whose lanes are set in the low eight bits of `bits`; undoes {bitsOf}.
    function guardsOf(uint256 bits) internal pure returns (uint256 guards) {
        unchecked {
            for (uint256 i = 0; i < LANES; ++i) guards |= ((bits >> i) & 1) << ((i << 5) + 31);
        }
    }

    /// @notice In how many lanes there is energy.
    function count(Profile a) internal pure returns (uint256) {
        return Profile.wrap(atLeast(a, Profile.wrap(ONES)) >> 31).sum();
    }

    /// @notice Whether every lane is zero.
    function isZero(Profile a) internal pure returns (bool) {
        return Profile.unwrap(a) == 0;
    }
}
