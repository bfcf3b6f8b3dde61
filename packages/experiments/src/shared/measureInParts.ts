/** Measurements over lists, a part for each item or for several: what `evaluate` and `figures` do with `measure`. */
import type { Measure } from "unspool";

/** What `of` says of each item, in order. */
export function measureEach<Item>(
  measure: Measure,
  name: string,
  items: readonly Item[],
  of: (item: Item, index: number) => ArrayLike<number> | PromiseLike<ArrayLike<number>>,
): Promise<number[][]> {
  return measure(name, items.length, (i) => of(items[i]!, i));
}

/** What `of` says of `size` items at a time, one after the other. */
export async function measureInChunks<Item>(
  measure: Measure,
  name: string,
  items: readonly Item[],
  size: number,
  of: (chunk: readonly Item[]) => ArrayLike<number>,
): Promise<number[]> {
  const parts = Math.ceil(items.length / size);
  return (await measure(name, parts, (i) => of(items.slice(i * size, (i + 1) * size)))).flat();
}
