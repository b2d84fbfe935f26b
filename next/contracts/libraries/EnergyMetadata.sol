// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { Base64 } from "@openzeppelin/contracts/utils/Base64.sol";
import { Strings } from "@openzeppelin/contracts/utils/Strings.sol";
import { Source } from "./EnergyId.sol";

/// @notice What a wallet shows of an energy token: ERC-1155 metadata JSON with a small picture, made on chain.
/// @dev Linked, not inlined: it is long, and the contracts that trade are deployed in one transaction.
library EnergyMetadata {
    using Strings for string;
    using Strings for uint256;

    /// @notice The metadata of one delivery slot as a `data:application/json;base64,` URI.
    /// @param community The microgrid's name, as its founder wrote it.
    /// @param source A {Source}, as the number that a linked library's ABI can name.
    /// @param start The slot's first second, Unix time.
    /// @param slotSeconds The slot's length.
    function uriOf(
        string memory community,
        uint8 source,
        uint256 start,
        uint256 slotSeconds
    ) external pure returns (string memory) {
        string memory kind = nameOf(Source(source));
        string memory date = dateOf(start);
        string memory time = string.concat(timeOf(start), "-", timeOf(start + slotSeconds), " UTC");
        string memory place = community.escapeJSON();
        // One unit is a Wh: with three decimals a wallet shows kWh.
        bytes memory json = abi.encodePacked(
            '{"name":"',
            kind,
            " energy, ",
            date,
            " ",
            time,
            '","description":"Electricity delivered in ',
            place,
            " on ",
            date,
            ", ",
            time,
            '. One unit is 1 Wh.","decimals":3,"image":"data:image/svg+xml;base64,',
            Base64.encode(_picture(kind, colourOf(Source(source)), date, time)),
            '","properties":',
            abi.encodePacked(
                '{"microgrid":"',
                place,
                '","source":"',
                kind,
                '","start":',
                start.toString(),
                ',"end":',
                (start + slotSeconds).toString(),
                ',"unit":"Wh"}}'
            )
        );
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    /// @notice The word for a source.
    function nameOf(Source source) internal pure returns (string memory) {
        if (source == Source.Solar) return "Solar";
        if (source == Source.Wind) return "Wind";
        if (source == Source.Hydro) return "Hydro";
        if (source == Source.Biogas) return "Biogas";
        if (source == Source.Cogeneration) return "Cogeneration";
        if (source == Source.Storage) return "Storage";
        return "Grid";
    }

    /// @notice The picture's colour for a source.
    function colourOf(Source source) internal pure returns (string memory) {
        if (source == Source.Solar) return "#f2a900";
        if (source == Source.Wind) return "#3aa6b9";
        if (source == Source.Hydro) return "#2f6fde";
        if (source == Source.Biogas) return "#5b8c2a";
        if (source == Source.Cogeneration) return "#b4552d";
        if (source == Source.Storage) return "#7a5cc9";
        return "#5f6b7a";
    }

    /// @notice The UTC date of a Unix time as YYYY-MM-DD, for the years 1970 to 9999.
    /// @dev Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: years start in
    /// March, so that the leap day comes last; an era has 146,097 days.
    function dateOf(uint256 time) internal pure returns (string memory) {
        unchecked {
            uint256 z = time / 1 days + 719_468;
            uint256 dayOfEra = z % 146_097;
            uint256 yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
            uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
            uint256 marchMonth = (5 * dayOfYear + 2) / 153;
            uint256 day = dayOfYear - (153 * marchMonth + 2) / 5 + 1;
            uint256 month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
            uint256 year = yearOfEra + (z / 146_097) * 400 + (month <= 2 ? 1 : 0);
            return string.concat(year.toString(), "-", _twoDigits(month), "-", _twoDigits(day));
        }
    }

    /// @notice The UTC time of day of a Unix time as HH:MM.
    function timeOf(uint256 time) internal pure returns (string memory) {
        return string.concat(_twoDigits((time / 1 hours) % 24), ":", _twoDigits((time / 1 minutes) % 60));
    }

    function _twoDigits(uint256 value) private pure returns (string memory) {
        return value < 10 ? string.concat("0", value.toString()) : value.toString();
    }

    function _picture(
        string memory kind,
        string memory colour,
        string memory date,
        string memory time
    ) private pure returns (bytes memory) {
        // Only our own words go into the picture: a founder's text could carry markup.
        return
            abi.encodePacked(
                '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" font-family="sans-serif" fill="#fff">',
                '<rect width="320" height="320" fill="',
                colour,
                '"/><path d="M176 40 96 152h52l-20 72 88-116h-56z" fill-opacity=".9"/><text x="24" y="264" font-size="28">',
                kind,
                '</text><text x="24" y="296" font-size="18">',
                date,
                " ",
                time,
                "</text></svg>"
            );
    }
}
