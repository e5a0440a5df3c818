/** The miner indices in a mask, in order. */
export function indices(mask: bigint): number[] {
  const found: number[] = [];
  for (let index = 0, left = mask; left > 0n; index += 1, left >>= 1n) if (left & 1n) found.push(index);
  return found;
}

export function includes(mask: bigint, index: number): boolean {
  return ((mask >> BigInt(index)) & 1n) === 1n;
}

/** How many miners a mask holds. */
export function count(mask: bigint): number {
  return indices(mask).length;
}

/** A miner's weight by lanes of 16 bits (K1); one where there are no lanes. */
export function weightOf(lanes: readonly bigint[], index: number): number {
  if (lanes.length === 0) return 1;
  const word = lanes[Math.floor(index / 16)] ?? 0n;
  return Number((word >> BigInt(16 * (index % 16))) & 0xffffn);
}
