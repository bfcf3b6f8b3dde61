/** How many units a tile holds. It depends on the program only, never on the number of threads. */

/** Of a core's first-level cache, for what a tile carries; its temporary values need about as much again. */
const tileTarget = 16384;

/** Beyond this the loop over lanes has hidden its cost. */
const mostUnits = 128;

export interface Tiling {
  /** Units per tile: a multiple of 4. */
  lanes: number;
  tiles: number;
}

export function chooseLanes(count: number, bytesPerUnit: number): Tiling {
  const fitting = Math.max(
    4,
    Math.min(mostUnits, Math.floor(tileTarget / Math.max(1, bytesPerUnit) / 4) * 4),
  );
  let tiles = Math.ceil(count / fitting);
  // Two tiles are the least that two threads can share.
  if (tiles === 1 && count >= 16) tiles = 2;
  if (tiles > 1 && tiles % 2 === 1 && tiles < 16) tiles++;
  // Loops over lanes take two vectors at a time.
  const grain = count / tiles > 8 ? 8 : 4;
  const lanes = Math.ceil(count / tiles / grain) * grain;
  return { lanes, tiles: Math.ceil(count / lanes) };
}
