/**
 * The checksum of a P1 telegram: CRC-16/ARC, polynomial x^16 + x^15 + x^2 + 1 with the least significant bit first,
 * starting at 0, nothing inverted. Source: DSMR "P1 Companion Standard" 5.0.2, chapter 6.2.
 */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
