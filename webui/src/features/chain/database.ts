// What this browser keeps: events by segments, and which chain they are of.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Hex } from "viem";
import { type Packed, pack, unpack } from "./packed";
import type { Segment, SegmentStore } from "./segments";

interface Schema extends DBSchema {
  segments: { key: [string, number]; value: Omit<Segment, "events"> & { events: Packed } };
  chains: { key: number; value: { chainId: number; genesis: Hex } };
}

export type Database = IDBPDatabase<Schema>;

const NAME = "minerva";
const VERSION = 1;

export function openDatabase(name = NAME): Promise<Database> {
  return openDB<Schema>(name, VERSION, {
    upgrade(database) {
      database.createObjectStore("segments", { keyPath: ["scope", "from"] });
      database.createObjectStore("chains", { keyPath: "chainId" });
    },
  });
}

export class StoredSegments implements SegmentStore {
  constructor(private readonly database: Database) {}

  /** One by one, so that the page answers in between. */
  async read(scope: string): Promise<Segment[]> {
    const segments: Segment[] = [];
    for (const key of await this.database.getAllKeys("segments", ofScope(scope))) {
      const kept = await this.database.get("segments", key);
      if (kept !== undefined) segments.push({ ...kept, events: unpack(kept.events) });
    }
    return segments;
  }

  async put(segment: Segment): Promise<void> {
    const { scope, from, to } = segment;
    const change = this.database.transaction("segments", "readwrite");
    void change.store.delete(IDBKeyRange.bound([scope, from], [scope, to]));
    void change.store.put({ ...segment, events: pack(segment.events) });
    await change.done;
  }

  async remove(scope: string, from: readonly number[]): Promise<void> {
    const change = this.database.transaction("segments", "readwrite");
    for (const first of from) void change.store.delete([scope, first]);
    await change.done;
  }
}

/**
 * Whether the chain is another than the one whose events are kept under this id, as a local chain is that was started
 * anew; then they are thrown away.
 */
export async function forgetOtherChain(database: Database, chainId: number, genesis: Hex): Promise<boolean> {
  const change = database.transaction(["chains", "segments"], "readwrite");
  const known = await change.objectStore("chains").get(chainId);
  const other = known !== undefined && known.genesis !== genesis;
  if (other)
    void change
      .objectStore("segments")
      .delete(IDBKeyRange.bound([`${chainId}/`, 0], [`${chainId}/\uffff`, Infinity]));
  if (known === undefined || other) void change.objectStore("chains").put({ chainId, genesis });
  await change.done;
  return other;
}

function ofScope(scope: string): IDBKeyRange {
  return IDBKeyRange.bound([scope, 0], [scope, Number.MAX_SAFE_INTEGER]);
}
