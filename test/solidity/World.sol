// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { IEnergyToken } from "../../contracts/interfaces/IEnergyToken.sol";
import { IMarketplace } from "../../contracts/interfaces/IMarketplace.sol";
import { IMeters, Registration } from "../../contracts/interfaces/IMeters.sol";
import { Charter, IMicrogrids, Level, TieLine } from "../../contracts/interfaces/IMicrogrids.sol";
import { Source } from "../../contracts/libraries/EnergyId.sol";
import { Profile, ProfileLib } from "../../contracts/libraries/Profile.sol";
import { TestEuro } from "../../contracts/test/TestEuro.sol";
import { VM } from "./Vm.sol";

/// @notice Wattline as it is deployed, with two microgrids, a tie line between them, six meters, four people with a home
/// agent, two operators and two DSOs, on a morning with eight hours to trade.
abstract contract World {
    uint256 internal constant PEOPLE = 4;
    uint256 internal constant DSOS = 2;
    uint256 internal constant METERS = 6;
    /// @dev Meters that export, the first ones.
    uint256 internal constant PRODUCERS = 4;
    uint256 internal constant AGENT_KEY = 99;
    uint256 internal constant EURO = 1e6;
    /// @dev Thousandths in a base unit.
    uint256 internal constant UNIT = 1000;

    uint256 internal constant SLOT_SECONDS = 900;
    uint256 internal constant REPORTING_DEADLINE = 2 hours;
    uint256 internal constant MIDNIGHT = 1_812_326_400;
    uint256 internal constant FIRST_BLOCK = MIDNIGHT / SLOT_SECONDS / 8;
    uint256 internal constant BLOCKS = 4;

    /// @dev Prices of both microgrids, all day.
    uint256 internal constant PRICE = 200_000;
    uint256 internal constant FEE = 10_000;
    uint256 internal constant CAP = 150_000;

    IMarketplace internal immutable MARKET;
    IMicrogrids internal immutable GRIDS;
    IMeters internal immutable METERING;
    IEnergyToken internal immutable ENERGY;
    TestEuro internal immutable CURRENCY;
    address internal immutable AGENT;

    /// @dev People first, then DSOs: everyone who ever has money.
    address[] internal holders;
    address[METERS] internal devices;
    address[2] internal operators;
    uint256[3] internal operatorOfGrid;

    constructor() {
        // A meter reports from the slot after its registration on.
        VM.warp(MIDNIGHT - SLOT_SECONDS);
        address microgrids = _deploy("Microgrids", "");
        address factory = _deploy("MetersFactory", abi.encode(microgrids, _deploy("EnergyTokenFactory", "")));
        MARKET = IMarketplace(
            _deploy(
                "Marketplace",
                abi.encode(
                    factory,
                    _deploy("Settlement", ""),
                    _deploy("Forwards", ""),
                    _deploy("Releases", ""),
                    _deploy("Mandates", "")
                )
            )
        );
        GRIDS = IMicrogrids(microgrids);
        METERING = MARKET.METERS();
        ENERGY = MARKET.ENERGY();
        CURRENCY = TestEuro(_deploy("TestEuro", ""));
        AGENT = VM.addr(AGENT_KEY);
        operators = [address(0xA), address(0xB)];
        for (uint256 i = 0; i < PEOPLE; ++i) _welcome(VM.addr(_keyOf(i)));
        for (uint256 i = 0; i < DSOS; ++i) _welcome(address(uint160(0xD0 + i)));

        for (uint32 grid = 1; grid <= 2; ++grid) _found();
        _link(TieLine(500, 1500, 7_000, 13_001));
        _register(0, 1, 0, Source.Solar, 4_000, false);
        _register(1, 1, 1, Source.Solar, 4_000, false);
        _register(2, 1, 2, Source.Wind, 4_000, false);
        _register(3, 2, 3, Source.Solar, 4_000, false);
        _register(4, 1, 3, Source.Solar, 0, true);
        _register(5, 2, 0, Source.Solar, 0, false);
        VM.warp(MIDNIGHT + 8 * SLOT_SECONDS);
    }

    // =================================================================================================
    // Internal
    // =================================================================================================

    function _keyOf(uint256 who) internal pure returns (uint256) {
        return who + 1;
    }

    /// @dev Both operators agree to a line.
    function _link(TieLine memory line) internal {
        VM.prank(operators[operatorOfGrid[1]]);
        GRIDS.proposeTieLine(1, 2, line);
        VM.prank(operators[operatorOfGrid[2]]);
        GRIDS.proposeTieLine(2, 1, line);
    }

    /// @dev Thousandths of a base unit.
    function _balanceOf(address holder) internal view returns (uint256) {
        return MARKET.accountOf(address(CURRENCY), holder).balance;
    }

    function _held(address holder, uint32 grid, Source source, uint32 blockNumber) internal view returns (Profile) {
        return ENERGY.profileOf(holder, grid, source, blockNumber, 1)[0];
    }

    function _signedBy(uint256 key, bytes32 hash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, hash);
        return abi.encodePacked(r, s, v);
    }

    /// @dev At most `most` in every lane: nothing, all of it, or something between.
    function _within(Profile most, uint256 seed) internal pure returns (Profile) {
        uint256 word;
        for (uint256 i = 0; i < ProfileLib.LANES; ++i) {
            uint256 dice = _pick(seed, i, 4);
            uint256 wh = most.lane(i);
            if (dice == 0) wh = 0;
            if (dice > 1) wh = _pick(seed, 8 + i, wh + 1);
            word |= wh << (32 * i);
        }
        return Profile.wrap(word);
    }

    /// @dev One of `count` numbers from 0 on, another one for every `use` of a seed.
    function _pick(uint256 seed, uint256 use, uint256 count) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, use))) % count;
    }

    function _deviceKeyOf(uint256 meter) internal pure returns (uint256) {
        return 1000 + meter;
    }

    /// @dev Takes the contract as it was built: with `new` the compiler would work through all of them once more.
    function _deploy(string memory name, bytes memory arguments) private returns (address made) {
        bytes memory code = bytes.concat(VM.getCode(name), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        VM.assertTrue(made != address(0), name);
    }

    function _welcome(address holder) private {
        holders.push(holder);
        VM.prank(holder);
        CURRENCY.approve(address(MARKET), type(uint256).max);
    }

    function _found() private {
        Level[] memory levels = new Level[](1);
        levels[0] = Level(uint80(PRICE), uint80(FEE), uint80(CAP), 80_000, 320_000);
        VM.prank(operators[0]);
        GRIDS.found(
            Charter("Sunny Lane", 484, 100, address(CURRENCY), uint16(SLOT_SECONDS), uint32(REPORTING_DEADLINE), 60),
            0,
            levels,
            holders[PEOPLE],
            250
        );
    }

    function _register(
        uint256 meter,
        uint32 grid,
        uint256 owner,
        Source source,
        uint32 capacityW,
        bool critical
    ) private {
        uint256 key = _deviceKeyOf(meter);
        devices[meter] = VM.addr(key);
        Registration memory registration = Registration(
            grid,
            holders[owner],
            devices[meter],
            source,
            capacityW,
            critical
        );
        bytes memory consent = _signedBy(key, METERING.hashRegistration(registration));
        VM.prank(operators[0]);
        METERING.register(registration, consent);
    }
}
