/** A picture of an address: a grid of 5 × 5, symmetric, in a colour of its own. */
export interface Identicon {
  hue: number;
  /** Columns and rows, from 0, of the filled cells. */
  cells: readonly (readonly [number, number])[];
}

/** The same picture for the same address, whichever way it is written. */
export function identicon(address: string): Identicon {
  let state = 2166136261;
  for (const character of address.toLowerCase())
    state = Math.imul(state ^ character.charCodeAt(0), 16777619) >>> 0;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const hue = next() % 360;
  const cells: [number, number][] = [];
  for (let row = 0; row < 5; row += 1) {
    for (let column = 0; column < 3; column += 1) {
      if (next() % 100 < 55)
        cells.push([column, row], ...(column < 2 ? [[4 - column, row] as [number, number]] : []));
    }
  }
  return { hue, cells };
}
