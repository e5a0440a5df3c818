// Values out of the 32-byte words of a log: viem's decoder takes ten times as long, for any type there is.
import { type AbiParameter, type Address, decodeAbiParameters, getAddress, type Hex } from "viem";

/** Hex digits of a word, and of a number of at most 48 bits, which viem gives as a number. */
const WORD = 64;
const SMALL = 12;
const ZEROS = "0".repeat(WORD);
/** So many addresses are remembered with their checksums. */
const MOST_ADDRESSES = 20_000;
const addresses = new Map<string, Address>();

/** Reads the value whose head is at hex digit `at` of `data`. */
type Reader = (data: string, at: number) => unknown;

/** What decodes values of these types in the order of the ABI; it throws where `data` is not of that form. */
export function decoderOf(inputs: readonly AbiParameter[]): (data: Hex) => readonly unknown[] {
  const readers = inputs.map(({ type }) => readerOf(type));
  if (inputs.length === 0) return () => [];
  if (!readers.every((reader) => reader !== null)) return (data) => decodeAbiParameters(inputs, data);
  return (data) => readers.map((read, at) => read(data, 2 + at * WORD));
}

/** An address with its checksum: the same ones come again and again. */
export function checksummed(address: Address): Address {
  const known = addresses.get(address);
  if (known !== undefined) return known;
  if (addresses.size >= MOST_ADDRESSES) addresses.clear();
  const found = getAddress(address);
  addresses.set(address, found);
  return found;
}

/** Null for a type that is left to viem. */
function readerOf(type: string): Reader | null {
  const [, sign, bits] = /^(u?)int(\d+)$/.exec(type) ?? [];
  if (bits !== undefined) return sign === "u" ? unsigned(Number(bits)) : signed(Number(bits));
  switch (type) {
    case "address":
      return (data, at) => checksummed(`0x${tail(data, at, 40)}`);
    case "bool":
      return (data, at) => tail(data, at, 1) !== "0";
    case "bytes32":
      return (data, at) => `0x${word(data, at)}`;
    case "bytes":
      return (data, at) => `0x${content(data, at, 2)}`;
    case "uint256[]":
      return (data, at) => {
        const items = content(data, at, WORD);
        return Array.from({ length: items.length / WORD }, (_, item) => big(items, item * WORD));
      };
    default:
      return null;
  }
}

function unsigned(bits: number): Reader | null {
  if (bits <= 48) return (data, at) => Number.parseInt(tail(data, at, SMALL), 16);
  return (data, at) => big(data, at);
}

function signed(bits: number): Reader | null {
  if (bits <= 48) return null;
  return (data, at) => BigInt.asIntN(bits, big(data, at));
}

/** What a dynamic value holds: so many items of `digits` hex digits each, without their length. */
function content(data: string, at: number, digits: number): string {
  const place = 2 + 2 * small(data, at);
  const end = place + WORD + digits * small(data, place);
  if (end > data.length) throw new RangeError("the data ends before the value");
  return data.slice(place + WORD, end);
}

function small(data: string, at: number): number {
  return Number.parseInt(tail(data, at, SMALL), 16);
}

function big(data: string, at: number): bigint {
  return BigInt(`0x${word(data, at)}`);
}

function word(data: string, at: number): string {
  const found = data.slice(at, at + WORD);
  if (found.length !== WORD) throw new RangeError("the data ends before the value");
  return found;
}

/** The last digits of a word whose others are zero. */
function tail(data: string, at: number, digits: number): string {
  const found = word(data, at);
  if (!found.startsWith(ZEROS.slice(digits))) throw new RangeError("the value is longer than its type");
  return found.slice(-digits);
}
