// Events as the browser keeps them: one list for each field of each kind, and each repeated text once. Lists are copied
// in a fraction of the time that as many objects take.
import type { Address, Hex } from "viem";
import { EVENT_ABI } from "@/generated/events";
import type { ChainEvent } from "./events";

/** Values in their order: as they are, or by their places among those that differ. */
type Column = { values: unknown[] } | { words: string[]; places: Uint32Array };

/** The events of one name. */
interface Kind {
  name: string;
  /** Where each stands among all events. */
  at: Float64Array;
  block: Float64Array;
  index: Float64Array;
  time: Float64Array;
  address: Column;
  tx: Column;
  args: [string, Column][];
}

export type Packed = Kind[];

/** The names as the program has them, which are compared faster than their copies. */
const NAMES = new Map(EVENT_ABI.map(({ name }) => [name, name]));

export function pack(events: readonly ChainEvent[]): Packed {
  const kinds = new Map<string, { event: ChainEvent; at: number }[]>();
  events.forEach((event, at) => {
    const entries = kinds.get(event.name) ?? [];
    if (entries.length === 0) kinds.set(event.name, entries);
    entries.push({ event, at });
  });
  return [...kinds].map(([name, entries]) => {
    const numbers = (read: (entry: (typeof entries)[number]) => number) => Float64Array.from(entries, read);
    const fields = entries.map(({ event }) => event.args as Record<string, unknown>);
    return {
      name,
      at: numbers(({ at }) => at),
      block: numbers(({ event }) => event.block),
      index: numbers(({ event }) => event.index),
      time: numbers(({ event }) => event.time),
      address: columnOf(entries.map(({ event }) => event.address)),
      tx: columnOf(entries.map(({ event }) => event.tx)),
      args: Object.keys(fields[0] ?? {}).map((field) => [field, columnOf(fields.map((args) => args[field]))]),
    };
  });
}

export function unpack(kinds: Packed): ChainEvent[] {
  const events: ChainEvent[] = [];
  for (const { name: copied, at, block, index, time, ...kind } of kinds) {
    const name = NAMES.get(copied) ?? copied;
    const [address, tx] = [valuesOf(kind.address) as Address[], valuesOf(kind.tx) as Hex[]];
    const columns = kind.args.map(([field, column]) => [field, valuesOf(column)] as const);
    at.forEach((place, row) => {
      const args: Record<string, unknown> = {};
      for (const [field, values] of columns) args[field] = values[row];
      events[place] = {
        name,
        args,
        address: address[row],
        block: block[row],
        index: index[row],
        tx: tx[row],
        time: time[row],
      } as ChainEvent;
    });
  }
  return events;
}

/** Texts are kept once where on average they come twice. */
function columnOf(values: unknown[]): Column {
  if (typeof values[0] !== "string") return { values };
  const known = new Map<string, number>();
  const places = new Uint32Array(values.length);
  for (const [row, value] of values.entries()) {
    if (typeof value !== "string") return { values };
    const place = known.get(value) ?? known.size;
    if (place === known.size) known.set(value, place);
    if (2 * known.size > values.length + 1) return { values };
    places[row] = place;
  }
  return { words: [...known.keys()], places };
}

function valuesOf(column: Column): unknown[] {
  if ("values" in column) return column.values;
  return Array.from(column.places, (place) => column.words[place]);
}
