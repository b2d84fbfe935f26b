// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Take } from "../../contracts/interfaces/IDeals.sol";
import { Account } from "../../contracts/interfaces/IEscrow.sol";
import { IForwards, Position, Release } from "../../contracts/interfaces/IForwards.sol";
import { Meter, Reading } from "../../contracts/interfaces/IMeters.sol";
import { Crossing, TieLine } from "../../contracts/interfaces/IMicrogrids.sol";
import { Order, Side } from "../../contracts/interfaces/IOrders.sol";
import { ISettlement, Match } from "../../contracts/interfaces/ISettlement.sol";
import { EnergyId, Source } from "../../contracts/libraries/EnergyId.sol";
import { Profile, ProfileLib } from "../../contracts/libraries/Profile.sol";
import { Log, VM } from "./Vm.sol";
import { World } from "./World.sol";

/// @notice What people, operators and time do to Wattline, in any order, and a second account of it.
/// @dev Every action takes one seed and bounds itself to what mostly succeeds. A step that breaks a promise is noted in
/// {_broken} under the promise's number, see {InvariantsTest}.
abstract contract Handler is World {
    struct Signed {
        Order order;
        bytes signature;
        bool byAgent;
        bool cancelled;
        uint256 filled;
    }

    /// @dev One line in one block.
    struct EnergyRecord {
        Profile reported;
        Profile kept;
        Profile retired;
        Profile sentAway;
        Profile arrived;
    }

    /// @dev One meter in one block.
    struct MeterRecord {
        uint256 covered;
        Profile committed;
        Profile kept;
    }

    /// @dev Two parties before a deal.
    struct Before {
        address seller;
        address buyer;
        uint32 from;
        uint32 to;
        Source source;
        uint32 blockNumber;
        uint256 sellersMoney;
        uint256 buyersMoney;
        Profile sellersEnergy;
        Profile buyersEnergy;
        uint256 allowance;
        uint256 flow;
    }

    /// @dev The promise that a step has broken, empty as long as none is.
    string internal _broken;
    /// @dev How often an action has succeeded.
    mapping(string action => uint256) internal _done;
    /// @dev Thousandths locked in positions.
    uint256 internal _locked;

    Signed[] private _orders;
    /// @dev Positions of one block each, and which of them are settled.
    Position[] private _positions;
    mapping(uint256 index => bool) private _settled;
    mapping(uint256 line => mapping(uint256 blockNumber => EnergyRecord)) private _energy;
    mapping(address device => mapping(uint256 blockNumber => MeterRecord)) private _meters;
    mapping(address maker => uint64) private _nonces;
    mapping(address maker => uint64) private _counters;
    mapping(address maker => uint256) private _granted;
    mapping(address maker => uint256) private _spent;

    constructor() {
        for (uint256 i = 0; i < PEOPLE; ++i) {
            _deposit(holders[i], 20 * EURO);
            _authorize(holders[i], 5 * EURO);
        }
    }

    // =================================================================================================
    // Money
    // =================================================================================================

    function deposit(uint256 seed) external {
        _deposit(holders[_pick(seed, 0, holders.length)], 1 + _pick(seed, 1, 5 * EURO));
    }

    function withdraw(uint256 seed) external {
        address holder = holders[_pick(seed, 0, holders.length)];
        uint256 most = _balanceOf(holder) / UNIT;
        bool free = block.timestamp >= MARKET.accountOf(address(CURRENCY), holder).lockedUntil;
        uint256 amount = _pick(seed, 1, 8) == 0 ? most : _pick(seed, 2, most / 4 + 1);
        uint256 before = CURRENCY.balanceOf(holder);
        VM.prank(holder);
        try MARKET.withdraw(address(CURRENCY), amount, holder) {
            ++_done["withdraw"];
            _expect(free, "(9) locked money was withdrawn");
            _expect(CURRENCY.balanceOf(holder) == before + amount, "(5) a withdrawal paid something else");
        } catch {
            _expect(!free, "(5) an unlocked balance could not be withdrawn");
        }
    }

    /// @dev The settler of all locks is the agent, who settles every other batch.
    function lock(uint256 seed) external {
        address holder = holders[_pick(seed, 0, holders.length)];
        VM.prank(holder);
        try MARKET.lock(address(CURRENCY), AGENT, address(0), uint40(block.timestamp + 1 + _pick(seed, 1, 2 hours))) {
            ++_done["lock"];
        } catch {}
    }

    function authorize(uint256 seed) external {
        _authorize(holders[_pick(seed, 0, PEOPLE)], _pick(seed, 1, 4) == 0 ? 0 : _pick(seed, 2, 5 * EURO));
    }

    /// @dev A household's agent tries what only its household may.
    function misuse(uint256 seed) external {
        address maker = holders[_pick(seed, 0, PEOPLE)];
        uint256 balance = _balanceOf(maker);
        VM.prank(AGENT);
        try MARKET.withdraw(address(CURRENCY), 1 + _pick(seed, 1, balance + 1), AGENT) {} catch {}
        VM.prank(AGENT);
        MARKET.cancelAll(address(CURRENCY));
        _expect(CURRENCY.balanceOf(AGENT) == 0, "(8) a delegate took money out");
        _expect(_balanceOf(maker) == balance, "(8) a delegate moved its household's money");
    }

    // =================================================================================================
    // Time and community
    // =================================================================================================

    function passTime(uint256 seed) external {
        // Seldom long enough for an agreed change of the tie line to take effect.
        VM.warp(block.timestamp + (_pick(seed, 0, 64) == 0 ? 7 days : 1 + _pick(seed, 1, 40 minutes)));
    }

    function govern(uint256 seed) external {
        uint32 grid = uint32(1 + _pick(seed, 0, 2));
        uint256 deed = _pick(seed, 1, 12);
        address operator = operators[operatorOfGrid[grid]];
        if (deed < 3) {
            bool islanded = GRIDS.microgridOf(grid).islanded;
            // As often islanded as not: meanwhile nothing crosses lines.
            if (_pick(seed, 2, 2) != 0) return;
            VM.prank(operator);
            GRIDS.setIslanded(grid, !islanded);
        } else if (deed == 3) {
            bool closed = GRIDS.microgridOf(grid).closed;
            if (!closed && _pick(seed, 2, 3) != 0) return;
            VM.prank(operator);
            GRIDS.setClosed(grid, !closed);
        } else if (deed < 6) {
            VM.prank(operator);
            GRIDS.setRation(grid, uint32(_pick(seed, 2, 1_000)));
        } else if (deed == 6) {
            VM.prank(operator);
            GRIDS.setDso(grid, holders[PEOPLE + _pick(seed, 2, DSOS)]);
        } else if (deed == 7) {
            operatorOfGrid[grid] = 1 - operatorOfGrid[grid];
            VM.prank(operator);
            GRIDS.handOver(grid, operators[operatorOfGrid[grid]]);
            VM.prank(operators[operatorOfGrid[grid]]);
            GRIDS.acceptHandOver(grid);
        } else if (deed == 8) {
            _link(
                TieLine({
                    lossBps: uint16(_pick(seed, 2, 2_000)),
                    capacity: uint32(_pick(seed, 3, 3_000)),
                    wheelingUp: uint72(_pick(seed, 4, 20_000)),
                    wheelingDown: uint72(_pick(seed, 5, 20_000))
                })
            );
        } else if (deed < 11) {
            _handOver(devices[_pick(seed, 2, METERS)], holders[_pick(seed, 3, PEOPLE)]);
        } else if (_pick(seed, 2, 8) == 0) {
            address device = devices[_pick(seed, 3, METERS)];
            Meter memory meter = METERING.meterOf(device);
            if (!meter.active) return;
            VM.prank(operators[operatorOfGrid[meter.microgrid]]);
            METERING.retireMeter(device);
        }
    }

    // =================================================================================================
    // Energy
    // =================================================================================================

    function report(uint256 seed) external {
        uint256 index = _pick(seed, 0, PRODUCERS);
        address device = devices[index];
        Meter memory meter = METERING.meterOf(device);
        Reading memory reading = Reading(device, uint32(FIRST_BLOCK + _pick(seed, 1, BLOCKS)), new uint256[](1));
        MeterRecord storage record = _meters[device][reading.firstBlock];
        uint256 most = _capacityOf(meter);
        uint256 ended = ProfileLib.maskOf(reading.firstBlock, 0, block.timestamp / SLOT_SECONDS - 1);
        uint256 open = ended;
        // One reading in eight is false: it repeats slots, runs ahead of time, or exports too much.
        uint256 lie = _pick(seed, 2, 24);
        if (lie != 0) open &= ~ProfileLib.fill(record.covered);
        if (lie == 1) open = type(uint256).max;
        uint256 covered = ProfileLib.GUARDS & open;
        Profile exported = _within(ProfileLib.uniform(lie == 2 ? most + 1 : most), seed);
        exported = ProfileLib.select(ProfileLib.fill(covered), exported, ProfileLib.ZERO);
        reading.exported[0] = covered | Profile.unwrap(exported);
        bytes memory signature = _signedBy(_deviceKeyOf(index), METERING.hashReading(reading));
        Profile before = _held(meter.owner, meter.microgrid, meter.source, reading.firstBlock);
        try METERING.report(reading, signature) {
            ++_done["report"];
        } catch {
            return;
        }

        _expect(covered & record.covered == 0, "(4) a slot was reported twice");
        _expect(covered & ~ended == 0, "(4) a slot was reported before its end");
        _expect(exported.le(ProfileLib.uniform(most)), "(4) more was minted than the meter's capacity");
        record.covered |= covered;
        Profile kept = exported.min(record.committed);
        record.kept = record.kept.add(kept);
        Profile minted = _held(meter.owner, meter.microgrid, meter.source, reading.firstBlock).sub(before);
        bool rest = Profile.unwrap(minted.add(kept)) == Profile.unwrap(exported);
        _expect(rest, "(4) the owner was minted something else than what is not promised");
        EnergyRecord storage energy = _recordOf(meter.microgrid, meter.source, reading.firstBlock);
        energy.reported = energy.reported.add(exported);
        energy.kept = energy.kept.add(kept);
    }

    function retire(uint256 seed) external {
        (uint256 who, uint32 grid, Source source, uint32 blockNumber, Profile held) = _findEnergy(seed);
        Profile[] memory energy = new Profile[](1);
        energy[0] = _within(held, seed);
        if (energy[0].isZero()) return;
        VM.prank(holders[who]);
        ENERGY.retire(grid, source, blockNumber, energy, holders[who], "");
        ++_done["retire"];
        EnergyRecord storage record = _recordOf(grid, source, blockNumber);
        record.retired = record.retired.add(energy[0]);
    }

    function transfer(uint256 seed) external {
        (uint256 who, uint32 grid, Source source, uint32 blockNumber, Profile held) = _findEnergy(seed);
        uint256 index = _pick(seed, 10, ProfileLib.LANES);
        address to = holders[_pick(seed, 11, PEOPLE)];
        uint256 id = EnergyId.idOf(EnergyId.lineOf(grid, source), uint256(blockNumber) * ProfileLib.LANES + index);
        uint256 energy = _pick(seed, 12, held.lane(index) + 1);
        VM.prank(holders[who]);
        ENERGY.safeTransferFrom(holders[who], to, id, energy, "");
        if (energy != 0) ++_done["transfer"];
    }

    // =================================================================================================
    // Orders
    // =================================================================================================

    /// @dev Signs a new order for minted energy, and somebody takes of it.
    function trade(uint256 seed) external {
        (uint256 seller, uint32 grid, Source source, uint32 blockNumber, Profile held) = _findEnergy(seed);
        _deal(seed, false, seller, address(0), grid, source, blockNumber, held);
    }

    /// @dev Signs a new order for energy to come, and somebody takes of it.
    function reserve(uint256 seed) external {
        address device = devices[_pick(seed, 0, PRODUCERS)];
        Meter memory meter = METERING.meterOf(device);
        uint32 blockNumber = uint32(FIRST_BLOCK + 1 + _pick(seed, 1, BLOCKS - 1));
        Profile left = ProfileLib.uniform(_capacityOf(meter)).sub(_meters[device][blockNumber].committed);
        left = _yetToCome(blockNumber, _partOf(left, 2));
        _deal(seed, true, _indexOf(meter.owner), device, meter.microgrid, meter.source, blockNumber, left);
    }

    /// @dev Somebody takes of an order signed earlier, whether it is filled, expired, cancelled or revoked since.
    function takeAgain(uint256 seed) external {
        if (_orders.length == 0) return;
        uint256 index = _orders.length - 1 - _pick(seed, 0, _orders.length < 12 ? _orders.length : 12);
        Order memory order = _orders[index].order;
        address taker = holders[_pick(seed, 1, PEOPLE)];
        if (order.counterparty != address(0) && _pick(seed, 2, 8) != 0) taker = order.counterparty;
        bool isOffer = order.side == Side.Offer;
        uint32 blockNumber = order.firstSlot / 8;
        Profile most =
            order.forward
                ? _yetToCome(blockNumber, ProfileLib.uniform(1_000))
                : _held(isOffer ? order.maker : taker, order.microgrid, _sourceOf(order), blockNumber);
        // Mostly little enough for what may be left of the order.
        most = _pick(seed, 3, 4) == 0 ? most : _partOf(most, 10);
        address meter = _loadOf(taker, order.microgrid);
        if (_take(index, taker, order.microgrid, meter, blockNumber, _within(most, seed))) ++_done["takeAgain"];
    }

    /// @dev Two sellers and two buyers in one batch: limits and posted prices, some of which are void.
    function settle(uint256 seed) external {
        (uint256 first, uint32 grid, Source source, uint32 blockNumber, Profile held) = _findEnergy(seed);
        uint256 second = (first + 1 + _pick(seed, 20, 3)) % PEOPLE;
        uint256[4] memory who = [first, second, 0, 0];
        uint256 buyers = 2;
        for (uint256 i = 0; i < PEOPLE; ++i) if (i != first && i != second) who[buyers++] = i;

        Profile[2] memory supply = [held, _held(holders[second], grid, source, blockNumber)];
        Match[] memory matches = new Match[](3);
        for (uint256 i = 0; i < 3; ++i) {
            matches[i] = Match(uint16(i % 2), i == 0 ? 2 : 3, source, 0, 0, blockNumber, new Profile[](1));
            matches[i].energy[0] = _within(supply[i % 2], seed >> i);
        }
        uint256 start = _orders.length;
        address caller = _pick(seed, 70, 2) == 0 ? AGENT : address(0x5E);
        for (uint256 i = 0; i < 4; ++i) {
            Order memory order = _blank(seed >> i, holders[who[i]], grid, source, blockNumber);
            order.side = i < 2 ? Side.Offer : Side.Bid;
            order.energy = uint32(_pick(seed, 30 + i, 8) == 0 ? 1_000 : 20_000);
            // Around the community price: most offers lie below it, most bids above.
            order.price = uint96((i < 2 ? 60_000 : 130_000) + _pick(seed, 40 + i, 140_000));
            order.settler = _pick(seed, 80 + i, 4) == 0 ? address(0) : caller;
            if (i > 1) order.meter = _loadOf(order.maker, grid);
            _sign(order, _pick(seed, 50 + i, 3) == 0);
            if (_pick(seed, 60 + i, 16) == 0) _cancel(start + i);
        }
        _settle(caller, grid, blockNumber, start, matches);
    }

    function cancel(uint256 seed) external {
        if (_orders.length != 0) _cancel(_pick(seed, 0, _orders.length));
    }

    function cancelAll(uint256 seed) external {
        // Seldom: it voids whatever else might be taken again.
        if (_pick(seed, 0, 4) != 0) return;
        address maker = holders[_pick(seed, 1, PEOPLE)];
        VM.prank(maker);
        _counters[maker] = MARKET.cancelAll(address(CURRENCY));
    }

    // =================================================================================================
    // Forwards
    // =================================================================================================

    function release(uint256 seed) external {
        _settleOne(seed, false);
    }

    /// @dev The buyer calls what has no reading undelivered.
    function undelivered(uint256 seed) external {
        // Seldom: it settles what could be released, too.
        if (_pick(seed, 5, 2) == 0) _settleOne(seed, true);
    }

    /// @dev At the end all deadlines pass, and strangers settle everything.
    function _conclude() internal {
        VM.warp(block.timestamp + 400 days);
        for (uint256 i = 0; i < _positions.length; ++i) {
            if (!_settled[i]) _expect(_release(i, address(0x5E), true), "(7) a position could not be settled");
        }
    }

    /// @dev Everyone takes everything out; by then no lock is in force.
    function _withdrawEverything() internal {
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 amount = _balanceOf(holders[i]) / UNIT;
            VM.prank(holders[i]);
            try MARKET.withdraw(address(CURRENCY), amount, holders[i]) {} catch {
                _expect(false, "(5) a balance could not be withdrawn in the end");
            }
        }
    }

    // =================================================================================================
    // The second account
    // =================================================================================================

    /// @dev Energy in all hands, retired, sent away and kept for positions is what was reported and arrived, slot by slot.
    function _energyAddsUp(uint32 blockNumber) internal view returns (bool) {
        for (uint32 grid = 1; grid <= 2; ++grid) {
            for (uint256 s = 0; s < 2; ++s) {
                EnergyRecord storage record = _recordOf(grid, Source(s), blockNumber);
                Profile total = record.retired.add(record.sentAway).add(record.kept);
                for (uint256 i = 0; i < PEOPLE; ++i) total = total.add(_held(holders[i], grid, Source(s), blockNumber));
                if (Profile.unwrap(total) != Profile.unwrap(record.reported.add(record.arrived))) return false;
            }
        }
        return true;
    }

    /// @dev Thousandths.
    function _moneyInAccounts() internal view returns (uint256 total) {
        for (uint256 i = 0; i < holders.length; ++i) total += _balanceOf(holders[i]);
    }

    // =================================================================================================
    // Internal: orders
    // =================================================================================================

    /// @dev Signs a posted price of one side for up to `most` from `seller`, and takes of it from the other.
    function _deal(
        uint256 seed,
        bool forward,
        uint256 seller,
        address device,
        uint32 from,
        Source source,
        uint32 blockNumber,
        Profile most
    ) private {
        Profile energy = _within(most, seed);
        if (energy.isZero()) return;
        address buyer = holders[(seller + 1 + _pick(seed, 20, PEOPLE - 1)) % PEOPLE];
        uint32 to = _pick(seed, 21, 3) == 0 ? 3 - from : from;
        bool isOffer = _pick(seed, 22, 2) == 0;
        (address maker, address taker) = isOffer ? (holders[seller], buyer) : (buyer, holders[seller]);

        Order memory order = _blank(seed, maker, isOffer ? from : to, source, blockNumber);
        order.side = isOffer ? Side.Offer : Side.Bid;
        order.meter = isOffer ? device : _loadOf(buyer, to);
        order.energy = uint32(energy.sum() * (1 + _pick(seed, 23, 3)));
        order.forward = forward;
        order.crosses = _pick(seed, 29, 8) != 0;
        order.mostAhead = uint32(_pick(seed, 31, 4) == 0 ? _pick(seed, 32, 500) : type(uint32).max);
        if (forward) order.bond = uint96(_pick(seed, 24, 100_000));
        if (_pick(seed, 25, 4) == 0) order.counterparty = taker;
        _sign(order, _pick(seed, 26, 3) == 0);
        address meter = isOffer ? _loadOf(buyer, to) : device;
        if (_take(_orders.length - 1, taker, isOffer ? to : from, meter, blockNumber, energy)) {
            ++_done[forward ? "reserve" : "trade"];
        }
    }

    function _blank(
        uint256 seed,
        address maker,
        uint32 grid,
        Source source,
        uint32 blockNumber
    ) private returns (Order memory order) {
        order.maker = maker;
        order.microgrid = grid;
        order.sources = uint8(1 << uint8(source));
        order.firstSlot = blockNumber * 8;
        order.lastSlot = order.firstSlot + 7;
        order.price = uint96(40_000 + _pick(seed, 27, 200_000));
        order.nonce = _nonces[maker]++;
        order.counter = _counters[maker];
        order.deadline = uint40(block.timestamp + _pick(seed, 28, 6 hours));
    }

    function _sign(Order memory order, bool byAgent) private {
        uint256 key = byAgent ? AGENT_KEY : _keyOf(_indexOf(order.maker));
        bytes memory signature = _signedBy(key, MARKET.hashOrder(order));
        _orders.push(Signed(order, signature, byAgent, false, 0));
    }

    function _cancel(uint256 index) private {
        Signed storage signed = _orders[index];
        uint64[] memory nonces = new uint64[](1);
        nonces[0] = signed.order.nonce;
        VM.prank(signed.order.maker);
        MARKET.cancel(nonces);
        signed.cancelled = true;
    }

    /// @dev `taker` takes of an order; checks what that did.
    function _take(
        uint256 index,
        address taker,
        uint32 takerGrid,
        address meter,
        uint32 blockNumber,
        Profile energy
    ) private returns (bool) {
        Signed storage signed = _orders[index];
        Order memory order = signed.order;
        bool isOffer = order.side == Side.Offer;
        Take memory take = Take({
            microgrid: takerGrid,
            meter: meter,
            source: _sourceOf(order),
            schedule: 0,
            takerSchedule: 0,
            firstBlock: blockNumber,
            energy: new Profile[](1),
            leastWh: 0,
            limit: isOffer ? type(uint128).max : 0,
            mostAhead: type(uint32).max
        });
        take.energy[0] = energy;
        Before memory before = _before(order, taker, takerGrid, blockNumber);
        bool success;
        VM.recordLogs();
        VM.prank(taker);
        if (order.forward) {
            try MARKET.reserve(order, signed.signature, take) {
                success = true;
            } catch {}
        } else {
            try MARKET.accept(order, signed.signature, take) {
                success = true;
            } catch {}
        }
        Log[] memory logs = VM.getRecordedLogs();
        if (!success) return false;
        if (order.forward) _checkReserved(signed, before, _positionIn(logs));
        else _checkTraded(signed, before);
        return true;
    }

    function _before(
        Order memory order,
        address taker,
        uint32 takerGrid,
        uint32 blockNumber
    ) private view returns (Before memory before) {
        bool isOffer = order.side == Side.Offer;
        (before.seller, before.buyer) = isOffer ? (order.maker, taker) : (taker, order.maker);
        (before.from, before.to) = isOffer ? (order.microgrid, takerGrid) : (takerGrid, order.microgrid);
        (before.source, before.blockNumber) = (_sourceOf(order), blockNumber);
        (before.sellersMoney, before.buyersMoney) = (_balanceOf(before.seller), _balanceOf(before.buyer));
        before.sellersEnergy = _held(before.seller, before.from, before.source, blockNumber);
        before.buyersEnergy = _held(before.buyer, before.to, before.source, blockNumber);
        before.allowance = MARKET.allowanceOf(order.maker, address(CURRENCY), AGENT).amount;
        before.flow = Profile.unwrap(MARKET.flowOf(before.from, before.to, blockNumber));
    }

    /// @dev An order for minted energy was taken: energy and money moved as it says, to the thousandth.
    function _checkTraded(Signed storage signed, Before memory before) private {
        Order memory order = signed.order;
        uint256 time = block.timestamp;
        Profile sent = before.sellersEnergy.sub(_held(before.seller, before.from, before.source, before.blockNumber));
        Profile arrived = _held(before.buyer, before.to, before.source, before.blockNumber).sub(before.buyersEnergy);
        (uint256 lossBps, uint256 charge) = _wayOf(before.from, before.to);
        if (before.from != before.to) {
            Profile expected = _arrivalOf(sent, lossBps, Profile.wrap(before.flow));
            _expect(Profile.unwrap(arrived) == Profile.unwrap(expected), "(2) a line lost something else");
            _crossed(before.from, before.to, before.source, before.blockNumber, sent, arrived);
        } else {
            _expect(Profile.unwrap(sent) == Profile.unwrap(arrived), "(2) energy was lost at home");
            _checkIsland(before, arrived, before.buyersMoney - _balanceOf(before.buyer));
        }
        uint256 paid = before.buyersMoney - _balanceOf(before.buyer);
        uint256 earned = _balanceOf(before.seller) - before.sellersMoney;
        _checkPosted(order, sent.sum(), arrived.sum(), charge, paid, earned);
        _filled(signed, order.side == Side.Offer ? sent.sum() : arrived.sum());
        uint256 worth = PRICE * sent.sum();
        _spend(signed, before.allowance, order.side == Side.Bid ? paid : (paid > worth ? paid : worth), sent, before);
        _expect(!_isLocked(before.buyer), "(9) locked money was spent by somebody else");
        _expect(time <= order.deadline, "(3) an order was filled after its deadline");
    }

    /// @dev A posted price holds exactly.
    function _checkPosted(
        Order memory order,
        uint256 sent,
        uint256 arrived,
        uint256 charge,
        uint256 paid,
        uint256 earned
    ) private {
        if (order.side == Side.Offer) {
            _expect(
                paid == (order.price + charge) * sent,
                "(3) a buyer paid something else than the price and the charge"
            );
            _expect(earned == order.price * sent, "(3) a seller got something else than its price");
        } else {
            _expect(paid == order.price * arrived, "(3) a buyer paid something else than its price");
            _expect(earned == paid - charge * sent, "(3) a seller got something else than the price less the charge");
        }
    }

    /// @dev Islanded slots: nobody pays above the cap, and an ordinary meter gets its ration.
    function _checkIsland(Before memory before, Profile arrived, uint256 paid) private {
        uint256 islanded = _islandedWh(before.to, before.blockNumber, arrived);
        if (islanded == 0) return;
        ++_done["island"];
        if (islanded == arrived.sum()) _expect(paid <= CAP * islanded, "(11) a buyer paid above the island's cap");
        address load = _criticalOf(before.buyer, before.to);
        if (load != address(0)) return;
        for (uint256 lane = 0; lane < ProfileLib.LANES; ++lane) {
            uint32 slot = uint32(before.blockNumber * 8 + lane);
            if (arrived.lane(lane) == 0 || !_isIslanded(before.to, before.blockNumber, lane)) continue;
            bool within = arrived.lane(lane) <= GRIDS.rationOf(before.to, slot);
            _expect(within, "(11) an ordinary meter got more than its ration");
        }
    }

    /// @dev `energy` Wh more of an order were filled.
    function _filled(Signed storage signed, uint256 energy) private {
        Order storage order = signed.order;
        signed.filled += energy;
        _expect(signed.filled <= order.energy, "(3) an order was filled beyond what was signed");
        _expect(block.timestamp <= order.deadline, "(3) an order was filled after its deadline");
        _expect(!signed.cancelled && order.counter == _counters[order.maker], "(3) a cancelled order was filled");
    }

    /// @dev A delegate's order has drawn `amount`. A sale in an islanded slot may be worth the cap only.
    function _spend(
        Signed storage signed,
        uint256 allowanceBefore,
        uint256 amount,
        Profile sent,
        Before memory before
    ) private {
        if (!signed.byAgent) return;
        address maker = signed.order.maker;
        uint256 drawn = allowanceBefore - MARKET.allowanceOf(maker, address(CURRENCY), AGENT).amount;
        _spent[maker] += drawn;
        _expect(_spent[maker] <= _granted[maker], "(8) a delegate spent beyond its allowance");
        if (_islandedWh(before.from, before.blockNumber, sent) == 0) {
            _expect(drawn >= amount, "(8) a delegate's allowance did not shrink by what it spent");
        }
    }

    // =================================================================================================
    // Internal: batches
    // =================================================================================================

    function _settle(address caller, uint32 grid, uint32 blockNumber, uint256 start, Match[] memory matches) private {
        Order[] memory orders = new Order[](4);
        bytes[] memory signatures = new bytes[](4);
        uint256[4] memory balances;
        bool[4] memory locked;
        for (uint256 i = 0; i < 4; ++i) {
            (orders[i], signatures[i]) = (_orders[start + i].order, _orders[start + i].signature);
            balances[i] = _balanceOf(orders[i].maker);
            locked[i] = _isLocked(orders[i].maker);
        }
        VM.recordLogs();
        VM.prank(caller);
        try MARKET.settle(orders, signatures, matches) {} catch {
            return;
        }
        Log[] memory logs = VM.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != ISettlement.Matched.selector) continue;
            (, , uint256 sent, , uint256 cost, uint256 charge) = abi.decode(
                logs[i].data,
                (uint64, uint64, uint256, uint256, uint256, uint256)
            );
            (uint256 o, uint256 b) = (_placeOf(orders, logs[i].topics[1]), _placeOf(orders, logs[i].topics[2]));
            ++_done["settle"];
            _checkMatch(orders[o], orders[b], grid, blockNumber, sent, cost, charge);
            _filled(_orders[start + o], sent);
            _filled(_orders[start + b], sent);
            balances[o] += cost - charge;
            balances[b] -= cost;
            if (locked[b]) _expect(caller == AGENT, "(9) locked money was spent by another");
        }
        for (uint256 i = 0; i < 4; ++i) {
            _expect(_balanceOf(orders[i].maker) == balances[i], "(6) somebody was paid something else than events say");
        }
    }

    /// @dev A match at home: at the community price for two limits, at a posted price that is no worse for the limit.
    function _checkMatch(
        Order memory offer,
        Order memory bid,
        uint32 grid,
        uint32 blockNumber,
        uint256 sent,
        uint256 cost,
        uint256 charge
    ) private {
        _expect(charge == FEE * sent, "(6) a match paid another network fee");
        bool offerPosted = offer.settler == address(0);
        bool bidPosted = bid.settler == address(0);
        _expect(!(offerPosted && bidPosted), "(6) two posted prices were matched");
        bool islands = _anyIslanded(grid, blockNumber);
        if (offerPosted) {
            _expect(cost == (offer.price + FEE) * sent, "(6) a posted offer traded at another price");
            _expect(cost <= PRICE * sent && cost <= bid.price * sent, "(6) a limit bid traded at a worse price");
        } else if (bidPosted) {
            _expect(cost == bid.price * sent, "(6) a posted bid traded at another price");
            _expect(cost - charge >= offer.price * sent, "(6) a limit offer traded below its limit");
            if (!islands) _expect(cost >= PRICE * sent, "(6) a limit offer traded below the community price");
        } else {
            // Where slots are islanded, the community price is the cap there.
            if (!islands) _expect(cost == PRICE * sent, "(6) two limits traded at another price than the community's");
            _expect(cost <= PRICE * sent && cost >= CAP * sent, "(6) two limits traded beyond the community price");
            _expect(cost <= bid.price * sent, "(6) a limit bid traded above its limit");
            _expect(cost - charge >= offer.price * sent, "(6) a limit offer traded below its limit");
        }
    }

    function _placeOf(Order[] memory orders, bytes32 orderHash) private view returns (uint256 place) {
        while (MARKET.hashOrder(orders[place]) != orderHash) ++place;
    }

    // =================================================================================================
    // Internal: forwards
    // =================================================================================================

    /// @dev A forward was reserved: the terms of the position are those of the order, and what it locked is what they say.
    function _checkReserved(Signed storage signed, Before memory before, Position memory position) private {
        Order memory order = signed.order;
        uint256 promised = position.energy[0].sum();
        uint256 counted =
            position.perArrived ? _arrivalOf(position.energy[0], position.lossBps, ProfileLib.ZERO).sum() : promised;
        uint256 locked = position.price * counted;
        uint256 bonded = uint256(position.bond) * promised;
        if (position.from != position.to) bonded += uint256(position.charge) * promised;
        _expect(before.buyersMoney - _balanceOf(before.buyer) == locked, "(1) a buyer locked something else");
        _expect(before.sellersMoney - _balanceOf(before.seller) == bonded, "(1) a seller locked something else");
        _expect(!_isLocked(before.buyer), "(9) locked money was promised by somebody else");
        (, uint256 charge) = _wayOf(before.from, before.to);
        _expect(position.charge == charge, "(3) a forward has another charge");
        uint256 price = order.side == Side.Offer ? order.price + charge : order.price;
        _expect(position.price == price, "(3) a forward has another price");
        if (order.side == Side.Offer) _expect(position.bond == order.bond, "(3) a forward has another bond");
        else _expect(position.bond >= order.bond, "(3) a forward has less bond than the bid demands");
        MeterRecord storage meter = _meters[position.meter][position.firstBlock];
        bool last = Profile.unwrap(position.ahead[0]) == Profile.unwrap(_promisedLanes(meter.committed, position));
        _expect(last, "(10) a position stands elsewhere than behind what was promised before");
        _expect(
            meter.committed.add(position.energy[0]).le(ProfileLib.uniform(1_000)),
            "(10) more is promised than can be made"
        );
        meter.committed = meter.committed.add(position.energy[0]);
        _filled(
            signed,
            order.side == Side.Offer
                ? promised
                : _arrivalOf(position.energy[0], position.lossBps, ProfileLib.ZERO).sum()
        );
        _locked += locked + bonded;
        _positions.push(position);
        if (signed.byAgent) {
            uint256 drawn = before.allowance - MARKET.allowanceOf(order.maker, address(CURRENCY), AGENT).amount;
            _spent[order.maker] += drawn;
            _expect(_spent[order.maker] <= _granted[order.maker], "(8) a delegate promised beyond its allowance");
        }
    }

    /// @dev What was promised before in the lanes of a position.
    function _promisedLanes(Profile committed, Position memory position) private pure returns (Profile) {
        uint256 mask = ProfileLib.fill(position.energy[0].atLeast(ProfileLib.uniform(1)));
        Profile ahead = position.ahead[0];
        // Lanes without energy of this position may say anything.
        return ProfileLib.select(mask, committed, ahead);
    }

    function _positionIn(Log[] memory logs) private pure returns (Position memory position) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IForwards.Reserved.selector) continue;
            (, , , , position) = abi.decode(logs[i].data, (uint64, uint64, uint256, uint256, Position));
        }
    }

    function _settleOne(uint256 seed, bool calling) private {
        if (_positions.length == 0) return;
        uint256 start = _pick(seed, 0, _positions.length);
        for (uint256 i = 0; i < _positions.length; ++i) {
            uint256 index = (start + i) % _positions.length;
            if (!_settled[index] && _release(index, _positions[index].buyer, calling)) {
                ++_done[calling ? "undelivered" : "release"];
                return;
            }
        }
    }

    /// @dev Settles a position. Who gets what is computed from its terms and the meter's readings alone.
    function _release(uint256 index, address caller, bool calling) private returns (bool) {
        Position memory position = _positions[index];
        Release[] memory releases = new Release[](1);
        releases[0] = Release(position, 1);
        uint256 sellers = _balanceOf(position.seller);
        uint256 buyers = _balanceOf(position.buyer);
        Profile held = _held(position.buyer, position.to, position.source, position.firstBlock);
        VM.prank(caller);
        if (calling) MARKET.undelivered(releases);
        else MARKET.release(releases);
        if (MARKET.openOf(MARKET.positionId(position)) != 0) return false;

        _settled[index] = true;
        MeterRecord storage meter = _meters[position.meter][position.firstBlock];
        Profile energy = position.energy[0];
        uint256 missing = energy.atLeast(ProfileLib.uniform(1)) & ~meter.covered;
        _expect(calling || missing == 0, "(10) a position was released before its slots were reported");
        Profile share = energy.min(meter.kept.sub(meter.kept.min(position.ahead[0])));
        Profile arrived = _arrivalOf(share, position.lossBps, ProfileLib.ZERO);
        Profile got = _held(position.buyer, position.to, position.source, position.firstBlock).sub(held);
        _expect(
            Profile.unwrap(got) == Profile.unwrap(arrived),
            "(10) a position got something else than its place gives"
        );
        _checkPaid(position, energy, share, sellers, buyers);

        EnergyRecord storage record = _recordOf(position.from, position.source, position.firstBlock);
        record.kept = record.kept.sub(share);
        if (position.from != position.to) {
            _crossed(position.from, position.to, position.source, position.firstBlock, share, arrived);
        }
        return true;
    }

    function _checkPaid(
        Position memory position,
        Profile energy,
        Profile share,
        uint256 sellers,
        uint256 buyers
    ) private {
        (uint256 promised, uint256 sent) = (energy.sum(), share.sum());
        (uint256 promisedCounted, uint256 sentCounted) = (promised, sent);
        if (position.perArrived) {
            promisedCounted = _arrivalOf(energy, position.lossBps, ProfileLib.ZERO).sum();
            sentCounted = _arrivalOf(share, position.lossBps, ProfileLib.ZERO).sum();
        }
        bool crosses = position.from != position.to;
        uint256 locked = position.price * promisedCounted;
        uint256 bonded = uint256(position.bond) * promised + (crosses ? uint256(position.charge) * promised : 0);
        uint256 paid = position.price * sentCounted;
        uint256 charge = uint256(position.charge) * (crosses ? promised : sent);
        uint256 forfeited = uint256(position.bond) * (promised - sent);
        _locked -= locked + bonded;
        uint256 sellersDue = paid + bonded - charge - forfeited;
        uint256 buyersDue = locked - paid + forfeited;
        _expect(_balanceOf(position.seller) - sellers == sellersDue, "(1) a seller was paid something else");
        _expect(_balanceOf(position.buyer) - buyers == buyersDue, "(1) a buyer got something else back");
    }

    // =================================================================================================
    // Internal: the rest
    // =================================================================================================

    function _expect(bool kept, string memory what) internal {
        if (!kept && bytes(_broken).length == 0) _broken = what;
    }

    function _deposit(address holder, uint256 amount) private {
        CURRENCY.mint(holder, amount);
        VM.prank(holder);
        MARKET.deposit(address(CURRENCY), amount);
        ++_done["deposit"];
    }

    function _authorize(address maker, uint256 allowance) private {
        VM.prank(maker);
        try MARKET.authorize(address(CURRENCY), AGENT, allowance, type(uint40).max) {
            (_granted[maker], _spent[maker]) = (allowance * UNIT, 0);
        } catch {}
    }

    /// @dev From an offer on a meter promises nothing; who accepts names the offer.
    function _handOver(address device, address to) private {
        Meter memory meter = METERING.meterOf(device);
        VM.prank(meter.owner);
        try METERING.handOverMeter(device, to) {} catch {
            return;
        }
        VM.prank(to);
        try METERING.acceptMeter(device, meter.offers + 1) {} catch {}
    }

    /// @dev Whether a lock binds the holder's money now.
    function _isLocked(address holder) private view returns (bool) {
        return block.timestamp < MARKET.accountOf(address(CURRENCY), holder).lockedUntil;
    }

    function _wayOf(uint32 from, uint32 to) private view returns (uint256 lossBps, uint256 charge) {
        if (from == to) return (0, FEE);
        Crossing memory crossing = GRIDS.crossingOf(from, to);
        return (crossing.lossBps, crossing.wheeling);
    }

    function _crossed(
        uint32 from,
        uint32 to,
        Source source,
        uint32 blockNumber,
        Profile sent,
        Profile arrived
    ) private {
        EnergyRecord storage here = _recordOf(from, source, blockNumber);
        EnergyRecord storage there = _recordOf(to, source, blockNumber);
        here.sentAway = here.sentAway.add(sent);
        there.arrived = there.arrived.add(arrived);
    }

    function _recordOf(uint32 grid, Source source, uint32 blockNumber) private view returns (EnergyRecord storage) {
        return _energy[EnergyId.lineOf(grid, source)][blockNumber];
    }

    function _islandedGuards(uint32 grid, uint32 blockNumber) private view returns (uint256) {
        return GRIDS.rulesOf(grid, 0, blockNumber, 1, false).islanded[0];
    }

    function _isIslanded(uint32 grid, uint32 blockNumber, uint256 lane) private view returns (bool) {
        return (_islandedGuards(grid, blockNumber) >> (32 * lane + 31)) & 1 == 1;
    }

    function _anyIslanded(uint32 grid, uint32 blockNumber) private view returns (bool) {
        return _islandedGuards(grid, blockNumber) != 0;
    }

    /// @dev Wh of `energy` in islanded slots.
    function _islandedWh(uint32 grid, uint32 blockNumber, Profile energy) private view returns (uint256) {
        uint256 mask = ProfileLib.fill(_islandedGuards(grid, blockNumber));
        return ProfileLib.select(mask, energy, ProfileLib.ZERO).sum();
    }

    /// @dev Somebody who has energy, of some line in some block; the last one looked at when nobody has any.
    function _findEnergy(
        uint256 seed
    ) private view returns (uint256 who, uint32 grid, Source source, uint32 blockNumber, Profile held) {
        uint256 start = _pick(seed, 100, 64);
        for (uint256 i = 0; i < 64 && held.isZero(); ++i) {
            uint256 place = (start + 37 * i) % 64;
            (who, grid) = (place % 4, uint32(1 + ((place / 4) % 2)));
            (source, blockNumber) = (Source((place / 8) % 2), uint32(FIRST_BLOCK + place / 16));
            held = _held(holders[who], grid, source, blockNumber);
        }
    }

    function _indexOf(address holder) private view returns (uint256 who) {
        while (holders[who] != holder) ++who;
    }

    /// @dev A meter that `holder` may name as the load it buys for; zero when it has none in the microgrid.
    function _loadOf(address holder, uint32 grid) private view returns (address) {
        for (uint256 i = METERS; i > 0; --i) {
            Meter memory meter = METERING.meterOf(devices[i - 1]);
            if (meter.owner == holder && meter.microgrid == grid && meter.active) return devices[i - 1];
        }
        return address(0);
    }

    /// @dev The load that {_loadOf} names, if it is critical.
    function _criticalOf(address holder, uint32 grid) private view returns (address load) {
        load = _loadOf(holder, grid);
        if (load != address(0) && !METERING.meterOf(load).critical) return address(0);
    }

    function _sourceOf(Order memory order) private pure returns (Source) {
        return order.sources == 1 ? Source.Solar : Source.Wind;
    }

    function _capacityOf(Meter memory meter) private pure returns (uint256) {
        return (meter.capacityW * SLOT_SECONDS) / 1 hours;
    }

    /// @dev Lane by lane the n-th part of `most`, rounded down.
    function _partOf(Profile most, uint256 n) private pure returns (Profile) {
        uint256 word;
        for (uint256 i = 0; i < ProfileLib.LANES; ++i) word |= (most.lane(i) / n) << (32 * i);
        return Profile.wrap(word);
    }

    /// @dev What of `most` lies in slots that have not started.
    function _yetToCome(uint32 blockNumber, Profile most) private view returns (Profile) {
        uint256 mask = ProfileLib.maskOf(blockNumber, block.timestamp / SLOT_SECONDS + 1, type(uint32).max);
        return ProfileLib.select(mask, most, ProfileLib.ZERO);
    }

    /// @dev What arrives when `flow` has gone over the line before: what the whole loses more with it, rounded up.
    function _arrivalOf(Profile sent, uint256 lossBps, Profile flow) private pure returns (Profile arrived) {
        uint256 word;
        for (uint256 i = 0; i < ProfileLib.LANES; ++i) {
            uint256 lost = _lossOf(flow.lane(i) + sent.lane(i), lossBps) - _lossOf(flow.lane(i), lossBps);
            word |= (sent.lane(i) - lost) << (32 * i);
        }
        return Profile.wrap(word);
    }

    function _lossOf(uint256 wh, uint256 lossBps) private pure returns (uint256) {
        return (wh * lossBps + 9_999) / 10_000;
    }
}
