// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Position, Release } from "../../contracts/interfaces/IForwards.sol";
import { Meter, Reading } from "../../contracts/interfaces/IMeters.sol";
import { Crossing, Mode, Tariffs, TieLine } from "../../contracts/interfaces/IMicrogrids.sol";
import { Order, Side } from "../../contracts/interfaces/IOrders.sol";
import { ISettlement, Match } from "../../contracts/interfaces/ISettlement.sol";
import { Take } from "../../contracts/interfaces/ITrading.sol";
import { EnergyId, Source } from "../../contracts/libraries/EnergyId.sol";
import { Money } from "../../contracts/libraries/Money.sol";
import { Profile, ProfileLib } from "../../contracts/libraries/Profile.sol";
import { Log, VM } from "./Vm.sol";
import { World } from "./World.sol";

/// @notice What people, operators and time do to Wattline, in any order, and a second set of books beside it.
/// @dev Every action takes one seed and bounds itself to what mostly succeeds. A step that breaks a promise is noted in
/// {_broken} under the promise's number, see {InvariantsTest}; what a refused call might have left behind shows in the books.
abstract contract Handler is World {
    struct Signed {
        Order order;
        bytes signature;
        bool byAgent;
        bool cancelled;
        uint256 filled;
    }

    struct Promised {
        Position position;
        uint32 blockNumber;
        Profile reserved;
    }

    /// @dev One line in one block.
    struct EnergyBook {
        Profile reported;
        Profile owed;
        Profile retired;
        Profile sentAway;
        Profile arrived;
    }

    /// @dev One meter in one block. `released` and `shared` are what released positions were promised, and what they got.
    struct MeterBook {
        uint256 covered;
        Profile committed;
        Profile kept;
        Profile released;
        Profile shared;
    }

    /// @dev A taken order, seen from outside.
    struct Deal {
        bool isOffer;
        address seller;
        address buyer;
        uint32 from;
        uint32 to;
        uint16 lossBps;
        uint256 charge;
        Profile sent;
        Profile arrived;
        uint256 sellerBefore;
        uint256 buyerBefore;
        uint256 allowanceBefore;
    }

    /// @dev The promise that a step has broken, empty as long as none is.
    string internal _broken;
    /// @dev How often an action has succeeded.
    mapping(string action => uint256) internal _done;
    /// @dev Base units locked in positions.
    uint256 internal _locked;

    Signed[] private _orders;
    Promised[] private _promises;
    mapping(bytes32 positionId => mapping(uint256 blockNumber => uint256 indexPlusOne)) private _promiseOf;
    mapping(uint256 line => mapping(uint256 blockNumber => EnergyBook)) private _energy;
    mapping(address device => mapping(uint256 blockNumber => MeterBook)) private _meters;
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
        uint256 balance = _balanceOf(holder);
        bool free = block.timestamp >= MARKET.accountOf(address(CURRENCY), holder).lockedUntil;
        uint256 amount = _pick(seed, 1, 8) == 0 ? balance : _pick(seed, 2, balance / 4 + 1);
        uint256 before = CURRENCY.balanceOf(holder);
        VM.prank(holder);
        try MARKET.withdraw(address(CURRENCY), amount, holder) {
            ++_done["withdraw"];
            _expect(CURRENCY.balanceOf(holder) == before + amount, "(5) a withdrawal paid something else");
        } catch {
            _expect(!free, "(5) an unlocked balance could not be withdrawn");
        }
    }

    function lock(uint256 seed) external {
        address holder = holders[_pick(seed, 0, holders.length)];
        VM.prank(holder);
        try MARKET.lock(address(CURRENCY), uint64(block.timestamp + _pick(seed, 1, 2 hours))) {
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
        if (deed < 4) {
            uint256 mode = _pick(seed, 2, 10);
            VM.prank(operator);
            METERING.setMode(grid, mode > 2 ? Mode.Connected : Mode(mode));
        } else if (deed < 6) {
            VM.prank(operator);
            METERING.setTariffs(
                grid,
                Tariffs({
                    feedIn: uint96(_pick(seed, 2, 100_000)),
                    retail: 320_000,
                    networkFee: uint72(_pick(seed, 3, 20_000)),
                    islandPriceCap: uint96(100_000 + _pick(seed, 4, 250_000)),
                    islandRation: uint32(_pick(seed, 5, 1_000))
                })
            );
        } else if (deed == 6) {
            VM.prank(operator);
            METERING.setDso(grid, holders[PEOPLE + _pick(seed, 2, DSOS)]);
        } else if (deed == 7) {
            operatorOfGrid[grid] = 1 - operatorOfGrid[grid];
            VM.prank(operator);
            METERING.handOver(grid, operators[operatorOfGrid[grid]]);
            VM.prank(operators[operatorOfGrid[grid]]);
            METERING.acceptHandOver(grid);
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
            address device = devices[_pick(seed, 2, METERS)];
            address owner = METERING.meterOf(device).owner;
            VM.prank(owner);
            METERING.handOverMeter(device, holders[_pick(seed, 3, PEOPLE)]);
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
        MeterBook storage book = _meters[device][reading.firstBlock];
        uint256 most = _capacityOf(meter);
        uint256 ended = ProfileLib.maskOf(reading.firstBlock, 0, block.timestamp / SLOT_SECONDS - 1);
        uint256 open = ended;
        // One reading in eight is not honest: it repeats slots, runs ahead of time, or exports too much.
        uint256 lie = _pick(seed, 2, 24);
        if (lie != 0) open &= ~ProfileLib.fill(book.covered);
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

        _expect(covered & book.covered == 0, "(4) a slot was reported twice");
        _expect(covered & ~ended == 0, "(4) a slot was reported before its end");
        _expect(exported.le(ProfileLib.uniform(most)), "(4) more was minted than the meter's capacity");
        book.covered |= covered;
        Profile kept = ProfileLib.select(_inTime(reading.firstBlock), exported.min(book.committed), ProfileLib.ZERO);
        book.kept = book.kept.add(kept);
        Profile minted = _held(meter.owner, meter.microgrid, meter.source, reading.firstBlock).sub(before);
        _expect(minted.add(kept).le(exported), "(4) more was minted than the reading says");
        EnergyBook storage energy = _bookOf(meter.microgrid, meter.source, reading.firstBlock);
        energy.reported = energy.reported.add(exported);
        energy.owed = energy.owed.add(kept);
    }

    function retire(uint256 seed) external {
        (uint256 who, uint32 grid, Source source, uint32 blockNumber, Profile held) = _findEnergy(seed);
        Profile[] memory energy = new Profile[](1);
        energy[0] = _within(held, seed);
        if (energy[0].isZero()) return;
        VM.prank(holders[who]);
        ENERGY.retire(grid, source, blockNumber, energy, holders[who], "");
        ++_done["retire"];
        EnergyBook storage book = _bookOf(grid, source, blockNumber);
        book.retired = book.retired.add(energy[0]);
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
        left = _yetToCome(blockNumber, left.portion(1, 2));
        _deal(seed, true, _indexOf(meter.owner), device, meter.microgrid, meter.source, blockNumber, left);
    }

    /// @dev Somebody takes of an order signed earlier, be it filled, expired, cancelled or revoked since.
    function takeAgain(uint256 seed) external {
        if (_orders.length == 0) return;
        uint256 index = _orders.length - 1 - _pick(seed, 0, _orders.length < 12 ? _orders.length : 12);
        Order memory order = _orders[index].order;
        address taker = holders[_pick(seed, 1, PEOPLE)];
        if (order.counterparty != address(0) && _pick(seed, 2, 8) != 0) taker = order.counterparty;
        bool isOffer = order.side == Side.Offer;
        Take memory take;
        take.microgrid = order.microgrid;
        take.source = _sourceOf(order);
        take.firstBlock = order.firstSlot / 8;
        take.energy = new Profile[](1);
        take.limit = isOffer ? type(uint256).max : 0;
        take.meter = _loadOf(taker, order.microgrid);
        Profile most =
            order.forward
                ? _yetToCome(take.firstBlock, ProfileLib.uniform(1_000))
                : _held(isOffer ? order.maker : taker, order.microgrid, take.source, take.firstBlock);
        // Mostly little enough for what may be left of the order.
        take.energy[0] = _within(_pick(seed, 3, 4) == 0 ? most : most.portion(1, 10), seed);
        if (_take(index, taker, take)) ++_done["takeAgain"];
    }

    /// @dev Two sellers and two buyers in one batch, some of whose orders are void.
    function settle(uint256 seed) external {
        (uint256 first, uint32 grid, Source source, uint32 blockNumber, Profile held) = _findEnergy(seed);
        uint256 second = (first + 1 + _pick(seed, 20, 3)) % PEOPLE;
        uint256[4] memory who = [first, second, 0, 0];
        uint256 buyers = 2;
        for (uint256 i = 0; i < PEOPLE; ++i) if (i != first && i != second) who[buyers++] = i;

        Profile[2] memory supply = [held, _held(holders[second], grid, source, blockNumber)];
        Match[] memory matches = new Match[](3);
        uint256 count;
        for (uint256 i = 0; i < 3; ++i) {
            // Thirds, so that three matches of two offers are covered; now and then they are not.
            Profile share = _pick(seed, 21 + i, 8) == 0 ? supply[i % 2] : supply[i % 2].portion(1, 3);
            Match memory matched = Match(uint16(i % 2), i == 0 ? 2 : 3, source, blockNumber, new Profile[](1));
            matched.energy[0] = _within(share, seed >> i);
            if (!matched.energy[0].isZero()) matches[count++] = matched;
        }
        if (count == 0) return;
        assembly ("memory-safe") {
            mstore(matches, count)
        }

        uint256 start = _orders.length;
        for (uint256 i = 0; i < 4; ++i) {
            Order memory order = _blank(seed >> i, holders[who[i]], grid, source, blockNumber);
            order.side = i < 2 ? Side.Offer : Side.Bid;
            order.energy = uint32(_pick(seed, 30 + i, 8) == 0 ? 1_000 : 20_000);
            // Crossed limits are refused as a whole: mostly offers lie below bids.
            order.price = uint96((i < 2 ? 20_000 : 150_000) + _pick(seed, 40 + i, 130_000));
            if (i > 1) order.meter = _loadOf(order.maker, grid);
            _sign(order, _pick(seed, 50 + i, 3) == 0);
            if (_pick(seed, 60 + i, 16) == 0) _cancel(start + i);
        }
        _settle(grid, start, matches);
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
        if (_promises.length == 0) return;
        uint256 start = _pick(seed, 0, _promises.length);
        for (uint256 i = 0; i < _promises.length; ++i) {
            Promised storage promised = _promises[(start + i) % _promises.length];
            if (!promised.reserved.isZero() && _release(promised)) {
                ++_done["release"];
                return;
            }
        }
    }

    /// @dev The end of all things: operators close the microgrids, all deadlines pass, and everything is released.
    function _conclude() internal {
        for (uint32 grid = 1; grid <= 2; ++grid) {
            VM.prank(operators[operatorOfGrid[grid]]);
            METERING.setMode(grid, Mode.Closed);
        }
        VM.warp(block.timestamp + 400 days);
        for (uint256 i = 0; i < _promises.length; ++i) {
            if (_promises[i].reserved.isZero()) continue;
            _expect(_release(_promises[i]), "(7) a position could not be released");
        }
    }

    /// @dev Everyone takes everything out; by then no lock is in force.
    function _withdrawEverything() internal {
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 balance = _balanceOf(holders[i]);
            VM.prank(holders[i]);
            try MARKET.withdraw(address(CURRENCY), balance, holders[i]) {} catch {
                _expect(false, "(5) a balance could not be withdrawn in the end");
            }
        }
    }

    // =================================================================================================
    // The books
    // =================================================================================================

    /// @dev Energy in all hands, retired, sent away and still owed is what was reported and arrived, slot by slot.
    function _energyAddsUp(uint32 blockNumber) internal view returns (bool) {
        for (uint32 grid = 1; grid <= 2; ++grid) {
            for (uint256 s = 0; s < 2; ++s) {
                EnergyBook storage book = _bookOf(grid, Source(s), blockNumber);
                Profile total = book.retired.add(book.sentAway).add(book.owed);
                for (uint256 i = 0; i < PEOPLE; ++i) total = total.add(_held(holders[i], grid, Source(s), blockNumber));
                if (Profile.unwrap(total) != Profile.unwrap(book.reported.add(book.arrived))) return false;
            }
        }
        return true;
    }

    function _moneyInAccounts() internal view returns (uint256 total) {
        for (uint256 i = 0; i < holders.length; ++i) total += _balanceOf(holders[i]);
    }

    // =================================================================================================
    // Internal: orders
    // =================================================================================================

    /// @dev Signs an order of one side for up to `most` from `seller`, and takes of it from the other.
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
        if (forward) order.bond = uint96(_pick(seed, 24, 100_000));
        if (_pick(seed, 25, 4) == 0) order.counterparty = taker;
        _sign(order, _pick(seed, 26, 3) == 0);

        Take memory take = Take({
            microgrid: isOffer ? to : from,
            meter: isOffer ? _loadOf(buyer, to) : device,
            source: source,
            firstBlock: blockNumber,
            energy: new Profile[](1),
            limit: isOffer ? type(uint256).max : 0
        });
        take.energy[0] = energy;
        if (_take(_orders.length - 1, taker, take)) ++_done[forward ? "reserve" : "trade"];
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
        _orders.push(Signed(order, _signedBy(key, MARKET.hashOrder(order)), byAgent, false, 0));
    }

    function _cancel(uint256 index) private {
        Order memory order = _orders[index].order;
        uint64[] memory nonces = new uint64[](1);
        nonces[0] = order.nonce;
        VM.prank(order.maker);
        MARKET.cancel(nonces);
        _orders[index].cancelled = true;
    }

    function _take(uint256 index, address taker, Take memory take) private returns (bool) {
        Signed storage signed = _orders[index];
        Order memory order = signed.order;
        bytes memory signature = signed.signature;
        Deal memory deal = _before(order, taker, take);
        VM.prank(taker);
        if (order.forward) {
            try MARKET.reserve(order, signature, take) {} catch {
                return false;
            }
        } else {
            try MARKET.accept(order, signature, take) {} catch {
                return false;
            }
        }

        _filled(signed, deal.isOffer ? deal.sent.sum() : deal.arrived.sum());
        uint256 worth = _feedInFor(deal.from, deal.sent.sum());
        uint256 paid = deal.buyerBefore - _balanceOf(deal.buyer);
        if (order.forward) {
            uint256 bonded = deal.sellerBefore - _balanceOf(deal.seller);
            // A block rounds what it locks as a whole.
            if (deal.isOffer)
                _expect(bonded <= Money.cost(order.bond, deal.sent.sum()), "(3) the bond exceeds what was signed");
            _promise(order, deal, take, paid + bonded);
            _spend(signed, deal.allowanceBefore, deal.isOffer ? worth + bonded : paid);
        } else {
            uint256 earned = _balanceOf(deal.seller) - deal.sellerBefore;
            if (deal.isOffer)
                _expect(earned >= Money.cost(order.price, deal.sent.sum()), "(3) a seller got less than its price");
            _spend(signed, deal.allowanceBefore, deal.isOffer ? worth : paid);
            if (deal.from != deal.to) {
                _crossed(deal.from, deal.to, deal.lossBps, take.source, take.firstBlock, deal.sent);
            }
        }
        if (!deal.isOffer) {
            // A forward is rounded as a block: a base unit more now is one less in what the block has locked before.
            uint256 most = Money.cost(order.price, deal.arrived.sum()) + (order.forward ? 1 : 0);
            _expect(paid <= most, "(3) a buyer paid more than its price");
        }
        return true;
    }

    function _before(Order memory order, address taker, Take memory take) private view returns (Deal memory deal) {
        deal.isOffer = order.side == Side.Offer;
        (deal.seller, deal.buyer) = deal.isOffer ? (order.maker, taker) : (taker, order.maker);
        (deal.from, deal.to) = deal.isOffer ? (order.microgrid, take.microgrid) : (take.microgrid, order.microgrid);
        if (deal.from == deal.to) {
            deal.charge = METERING.termsOf(deal.from).networkFee;
        } else {
            Crossing memory crossing = METERING.crossingOf(deal.from, deal.to);
            (deal.lossBps, deal.charge) = (crossing.lossBps, crossing.wheeling);
        }
        deal.sent = take.energy[0];
        deal.arrived = _arrivalOf(deal.sent, deal.lossBps);
        (deal.sellerBefore, deal.buyerBefore) = (_balanceOf(deal.seller), _balanceOf(deal.buyer));
        deal.allowanceBefore = MARKET.allowanceOf(order.maker, address(CURRENCY), AGENT);
    }

    /// @dev `energy` Wh more of an order were filled.
    function _filled(Signed storage signed, uint256 energy) private {
        Order storage order = signed.order;
        signed.filled += energy;
        _expect(signed.filled <= order.energy, "(3) an order was filled beyond what was signed");
        _expect(block.timestamp <= order.deadline, "(3) an order was filled after its deadline");
        _expect(!signed.cancelled && order.counter == _counters[order.maker], "(3) a cancelled order was filled");
    }

    /// @dev A delegate's order has cost its maker `amount`, in money and in energy at the feed-in tariff.
    function _spend(Signed storage signed, uint256 allowanceBefore, uint256 amount) private {
        if (!signed.byAgent) return;
        address maker = signed.order.maker;
        _spent[maker] += amount;
        _expect(_spent[maker] <= _granted[maker], "(8) a delegate spent beyond its allowance");
        uint256 drawn = allowanceBefore - MARKET.allowanceOf(maker, address(CURRENCY), AGENT);
        _expect(drawn >= amount, "(8) a delegate's allowance did not shrink by what it spent");
    }

    function _feedInFor(uint32 grid, uint256 energy) private view returns (uint256) {
        return Money.charge(METERING.feedInOf(grid), energy);
    }

    // =================================================================================================
    // Internal: batches
    // =================================================================================================

    function _settle(uint32 grid, uint256 start, Match[] memory matches) private {
        Order[] memory orders = new Order[](4);
        bytes[] memory signatures = new bytes[](4);
        uint256[4] memory before;
        uint256[4] memory balances;
        uint256[4] memory allowances;
        for (uint256 i = 0; i < 4; ++i) {
            (orders[i], signatures[i]) = (_orders[start + i].order, _orders[start + i].signature);
            before[i] = balances[i] = _balanceOf(orders[i].maker);
            allowances[i] = MARKET.allowanceOf(orders[i].maker, address(CURRENCY), AGENT);
        }
        VM.recordLogs();
        try MARKET.settle(orders, signatures, matches) {} catch {
            return;
        }
        Log[] memory logs = VM.getRecordedLogs();
        (, uint256[] memory prices) = abi.decode(logs[logs.length - 1].data, (uint32, uint256[]));

        uint256 fee = METERING.termsOf(grid).networkFee;
        uint256[4] memory energies;
        for (uint256 i = 0; i < matches.length; ++i) {
            (Order memory offer, Order memory bid) = (orders[matches[i].offer], orders[matches[i].bid]);
            if (!_isMatched(logs, offer, bid)) continue;
            ++_done["settle"];
            Profile energy = matches[i].energy[0];
            uint256 sum = energy.sum();
            uint256 value;
            for (uint256 lane = 0; lane < ProfileLib.LANES; ++lane) {
                if (energy.lane(lane) == 0) continue;
                _expect(offer.price + fee <= prices[lane], "(6) a uniform price lies below a matched offer");
                _expect(prices[lane] <= bid.price, "(6) a uniform price lies above a matched bid");
                value += prices[lane] * energy.lane(lane);
            }
            energies[matches[i].offer] += sum;
            energies[matches[i].bid] += sum;
            balances[matches[i].offer] += Money.cost(value, 1) - Money.charge(fee, sum);
            balances[matches[i].bid] -= Money.cost(value, 1);
        }
        for (uint256 i = 0; i < 4; ++i) {
            if (energies[i] == 0) continue;
            _filled(_orders[start + i], energies[i]);
            _expect(_balanceOf(orders[i].maker) == balances[i], "(6) somebody did not trade at the uniform price");
            uint256 spent = i < 2 ? _feedInFor(grid, energies[i]) : before[i] - balances[i];
            _spend(_orders[start + i], allowances[i], spent);
        }
    }

    /// @dev Whether a batch has settled the match of these two.
    function _isMatched(Log[] memory logs, Order memory offer, Order memory bid) private view returns (bool) {
        (bytes32 offerHash, bytes32 bidHash) = (MARKET.hashOrder(offer), MARKET.hashOrder(bid));
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32[] memory topics = logs[i].topics;
            if (topics[0] == ISettlement.Matched.selector && topics[1] == offerHash && topics[2] == bidHash)
                return true;
        }
        return false;
    }

    // =================================================================================================
    // Internal: forwards
    // =================================================================================================

    /// @dev Books what `take` has reserved; `paid` left the accounts of buyer and seller for it.
    function _promise(Order memory order, Deal memory deal, Take memory take, uint256 paid) private {
        uint256 price = order.price;
        if (!deal.isOffer) price = (price * (10_000 - deal.lossBps)) / 10_000 - deal.charge;
        Position memory position = Position({
            seller: deal.seller,
            buyer: deal.buyer,
            meter: deal.isOffer ? order.meter : take.meter,
            source: take.source,
            from: deal.from,
            to: deal.to,
            currency: address(CURRENCY),
            price: uint96(price),
            charge: uint96(deal.charge),
            bond: order.bond,
            lossBps: deal.lossBps
        });
        uint32 blockNumber = take.firstBlock;
        mapping(uint256 => uint256) storage indices = _promiseOf[MARKET.positionId(position)];
        if (indices[blockNumber] == 0) {
            _promises.push(Promised(position, blockNumber, ProfileLib.ZERO));
            indices[blockNumber] = _promises.length;
        }
        Promised storage promised = _promises[indices[blockNumber] - 1];
        uint256 before = _lockedFor(position, promised.reserved.sum());
        promised.reserved = promised.reserved.add(deal.sent);
        uint256 grown = _lockedFor(position, promised.reserved.sum()) - before;
        _expect(paid == grown, "(1) a position locked something else than its energy costs");
        _locked += grown;
        MeterBook storage book = _meters[position.meter][blockNumber];
        book.committed = book.committed.add(deal.sent);
    }

    function _release(Promised storage promised) private returns (bool) {
        Release[] memory releases = new Release[](1);
        releases[0] = Release(promised.position, promised.blockNumber);
        try MARKET.release(releases) {} catch {
            return false;
        }

        Position memory position = promised.position;
        Profile energy = promised.reserved;
        promised.reserved = ProfileLib.ZERO;
        _locked -= _lockedFor(position, energy.sum());
        MeterBook storage meter = _meters[position.meter][promised.blockNumber];
        Profile share = energy.mulDiv(meter.kept, meter.committed);
        meter.released = meter.released.add(energy);
        meter.shared = meter.shared.add(share);
        // The last position of a slot leaves what rounding spared to the meter's owner.
        uint256 last = meter.released.atLeast(meter.committed) & energy.atLeast(ProfileLib.uniform(1));
        Profile rest = ProfileLib.select(ProfileLib.fill(last), meter.kept.sub(meter.shared), ProfileLib.ZERO);
        EnergyBook storage book = _bookOf(position.from, position.source, promised.blockNumber);
        book.owed = book.owed.sub(share.add(rest));
        if (position.from != position.to) {
            _crossed(position.from, position.to, position.lossBps, position.source, promised.blockNumber, share);
        }
        return true;
    }

    function _lockedFor(Position memory position, uint256 energy) private pure returns (uint256) {
        return
            Money.cost(position.price, energy) +
            Money.charge(position.charge, energy) +
            Money.cost(position.bond, energy);
    }

    // =================================================================================================
    // Internal: the rest
    // =================================================================================================

    function _expect(bool kept, string memory what) private {
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
        MARKET.authorize(address(CURRENCY), AGENT, allowance);
        (_granted[maker], _spent[maker]) = (allowance, 0);
    }

    function _crossed(
        uint32 from,
        uint32 to,
        uint256 lossBps,
        Source source,
        uint32 blockNumber,
        Profile sent
    ) private {
        EnergyBook storage here = _bookOf(from, source, blockNumber);
        EnergyBook storage there = _bookOf(to, source, blockNumber);
        here.sentAway = here.sentAway.add(sent);
        there.arrived = there.arrived.add(_arrivalOf(sent, lossBps));
    }

    function _bookOf(uint32 grid, Source source, uint32 blockNumber) private view returns (EnergyBook storage) {
        return _energy[EnergyId.lineOf(grid, source)][blockNumber];
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

    function _sourceOf(Order memory order) private pure returns (Source) {
        return order.sources == 1 ? Source.Solar : Source.Wind;
    }

    function _capacityOf(Meter memory meter) private pure returns (uint256) {
        return (meter.capacityW * SLOT_SECONDS) / 1 hours;
    }

    /// @dev What of `most` lies in slots that have not started.
    function _yetToCome(uint32 blockNumber, Profile most) private view returns (Profile) {
        uint256 mask = ProfileLib.maskOf(blockNumber, block.timestamp / SLOT_SECONDS + 1, type(uint32).max);
        return ProfileLib.select(mask, most, ProfileLib.ZERO);
    }

    /// @dev The loss is rounded down in every slot.
    function _arrivalOf(Profile sent, uint256 lossBps) private pure returns (Profile arrived) {
        uint256 word;
        for (uint256 i = 0; i < ProfileLib.LANES; ++i) {
            word |= (sent.lane(i) - (sent.lane(i) * lossBps) / 10_000) << (32 * i);
        }
        return Profile.wrap(word);
    }

    /// @dev The lanes whose reporting deadline has not passed.
    function _inTime(uint32 blockNumber) private view returns (uint256 mask) {
        for (uint256 i = 0; i < ProfileLib.LANES; ++i) {
            uint256 end = (uint256(blockNumber) * 8 + i + 1) * SLOT_SECONDS;
            if (block.timestamp <= end + REPORTING_DEADLINE) mask |= uint256(type(uint32).max) << (32 * i);
        }
    }
}
