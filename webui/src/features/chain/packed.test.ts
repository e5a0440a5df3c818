import type { Address } from "viem";
import { expect, test } from "vitest";
import type { ChainEvent } from "./events";
import { pack, unpack } from "./packed";
import { returned } from "./test-chain";

const DEVICES: Address[] = [
  "0x0000000000000000000000000000000000000001",
  "0x0000000000000000000000000000000000000002",
];

/** Every third one is a miner's, the others are of two devices. */
function events(count: number): ChainEvent[] {
  return Array.from({ length: count }, (_, at) => {
    const event = returned(at, 0);
    const args = { device: DEVICES[at % 2] ?? "0x", round: at };
    return at % 3 === 0 ? event : { ...event, name: "DeviceCheckedIn" as const, args };
  });
}

test("events come back as they were, in their order", () => {
  for (const count of [0, 1, 2, 50])
    expect(unpack(structuredClone(pack(events(count))))).toEqual(events(count));
});

test("a text that comes again and again is kept once", () => {
  const kept = JSON.stringify(pack(events(90)));
  for (const device of DEVICES)
    expect(kept.split(device)).toHaveLength(device === events(1)[0]?.address ? 4 : 2);
});
