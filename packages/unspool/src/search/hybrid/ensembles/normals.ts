import type { RandomStream } from "../../../array/index.ts";

/** Standard normal numbers, both of each pair that Box and Muller's formula makes. */
export function normals(random: RandomStream, count: number): Float64Array {
  const drawn = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
    const angle = 2 * Math.PI * random.uniform();
    drawn[i] = radius * Math.cos(angle);
    if (i + 1 < count) drawn[i + 1] = radius * Math.sin(angle);
  }
  return drawn;
}
