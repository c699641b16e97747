// CRC-32C (Castagnoli): finds values of which power loss left only a part on disk.

const POLYNOMIAL = 0x82f63b78;
const WAYS = 8;

/** Table 0 is the usual one; table n says what table 0 says after n more zero bytes: eight bytes are done in one step. */
function makeTables(): Int32Array {
  const tables = new Int32Array(WAYS * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
    tables[byte] = value;
  }
  for (let index = 256; index < tables.length; index++) {
    const before = tables[index - 256];
    tables[index] = (before >>> 8) ^ tables[before & 255];
  }
  return tables;
}

const tables = makeTables();

/**
 * Continues a CRC-32C over `length` bytes at `offset`, a multiple of 4. `words` and `bytes` are the same memory; a first
 * part starts with `crc` 0.
 */
export function crc32c(words: Int32Array, bytes: Uint8Array, offset: number, length: number, crc = 0): number {
  let state = ~crc;
  let word = offset / 4;
  for (const end = word + (length >>> 3) * 2; word < end; word += 2) {
    const low = words[word] ^ state;
    const high = words[word + 1];
    state =
      tables[1792 + (low & 255)] ^
      tables[1536 + ((low >>> 8) & 255)] ^
      tables[1280 + ((low >>> 16) & 255)] ^
      tables[1024 + (low >>> 24)] ^
      tables[768 + (high & 255)] ^
      tables[512 + ((high >>> 8) & 255)] ^
      tables[256 + ((high >>> 16) & 255)] ^
      tables[high >>> 24];
  }
  for (let at = word * 4; at < offset + length; at++) state = (state >>> 8) ^ tables[(state ^ bytes[at]) & 255];
  return ~state;
}
