// A recorded market: a CSV file of timestamp,symbol,price,volume. Refuses malformed rows by their line numbers.

import { readFileSync } from "node:fs";
import type { Quote } from "./tick.ts";

const HEADING = "timestamp,symbol,price,volume";
const COMPLAINTS_SHOWN = 5;
const VOLUME_MOST = 2 ** 32 - 1;

export interface Recording {
  readonly quotes: readonly Quote[];
  /** Nanoseconds since the first row. */
  readonly times: readonly number[];
  readonly symbols: readonly string[];
}

/** What a recording is refused for. */
export class RecordingError extends Error {}

interface Row {
  readonly timestamp: bigint;
  readonly symbol: string;
  readonly price: number;
  readonly volume: number;
}

const isDecimal = (text: string) => /^\d+(\.\d+)?$/.test(text);

/** A row, or what is wrong with it. */
function parseRow(line: string): Row | string {
  const fields = line.split(",").map((field) => field.trim());
  const [timestamp = "", symbol = "", price = "", volume = ""] = fields;
  if (fields.length !== 4) return `it has ${fields.length} fields, not the 4 of ${HEADING}`;
  if (!/^\d{1,19}$/.test(timestamp)) return `timestamp "${timestamp}" is not a whole number of nanoseconds`;
  if (!/^[\w.-]{1,16}$/.test(symbol)) return `symbol "${symbol}" is not 1 to 16 letters, digits, . _ -`;
  if (!isDecimal(price) || !(Number(price) > 0)) return `price "${price}" is not a number above 0`;
  if (!/^\d+$/.test(volume) || Number(volume) < 1 || Number(volume) > VOLUME_MOST) {
    return `volume "${volume}" is not a whole number from 1 to ${VOLUME_MOST}`;
  }
  return { timestamp: BigInt(timestamp), symbol, price: Number(price), volume: Number(volume) };
}

function refuse(path: string, complaints: readonly string[]): never {
  const more = complaints.length - COMPLAINTS_SHOWN;
  const shown = complaints.slice(0, COMPLAINTS_SHOWN).map((text) => `\n  ${text}`);
  if (more > 0) shown.push(`\n  and ${more} more`);
  throw new RecordingError(`${path} is not a recording of ticks:${shown.join("")}`);
}

function readLines(path: string): string[] {
  try {
    const text = readFileSync(path, "utf8").replace(/^\uFEFF/, ""); // the mark that spreadsheets write, which nobody sees
    return text.split(/\r?\n/);
  } catch (error) {
    throw new RecordingError(`Cannot read the recording ${path}: ${(error as Error).message}`);
  }
}

function readRows(path: string): Row[] {
  const rows: Row[] = [];
  const complaints: string[] = [];
  const lines = readLines(path);
  lines.forEach((line, index) => {
    if (line.trim() === "" || (index === 0 && line.replaceAll(" ", "").toLowerCase() === HEADING)) return;
    const row = parseRow(line);
    const last = rows.at(-1)?.timestamp ?? 0n;
    if (typeof row === "string") complaints.push(`line ${index + 1}: ${row}`);
    else if (row.timestamp < last) complaints.push(`line ${index + 1}: timestamp ${row.timestamp} is before ${last}`);
    else rows.push(row);
  });
  if (complaints.length === 0 && rows.length === 0) complaints.push("it has no rows");
  return complaints.length > 0 ? refuse(path, complaints) : rows;
}

/** @throws {RecordingError} no such file; malformed rows, or none */
export function readRecording(path: string): Recording {
  const rows = readRows(path);
  const begin = rows[0]?.timestamp ?? 0n;
  const symbols = [...new Set(rows.map((row) => row.symbol))];
  const ids = new Map(symbols.map((symbol, id) => [symbol, id]));
  const quotes = rows.map(({ symbol, price, volume }) => ({ symbol: ids.get(symbol) ?? 0, price, volume }));
  return { quotes, times: rows.map((row) => Number(row.timestamp - begin)), symbols };
}
