/** Threefry is held against its scalar form, Box-Muller against its formula in double precision. */
import { expect, test } from "vitest";
import { threefry2x32 } from "../../array/threefry.ts";
import { hasRelaxedSimd } from "../host.ts";
import { emitBoxMuller, emitThreefry } from "./index.ts";
import { type ArrayMap, compileMap, compileThreefry } from "./testing.ts";

const modes = hasRelaxedSimd() ? [false, true] : [false];

test("Threefry gives the bits of the scalar form", () => {
  const words = Uint32Array.from({ length: 4 * 64 }, (_, i) => Math.imul(i + 1, 0x9e3779b9));
  const [x0, x1] = compileThreefry(emitThreefry, words);
  for (let i = 0; i < 64; i++) {
    const [k0, k1, c0, c1] = [words[i]!, words[64 + i]!, words[128 + i]!, words[192 + i]!];
    expect([x0[i], x1[i]]).toEqual(threefry2x32(k0, k1, c0, c1));
  }
});

test("Box-Muller agrees with its formula", () => {
  const count = 4096;
  const u1 = Float32Array.from({ length: count }, (_, i) => Math.floor((i / count) * 2 ** 23 + i) / 2 ** 23);
  const u2 = Float32Array.from(
    { length: count },
    (_, i) => Math.floor(((i * 0.618034) % 1) * 2 ** 23) / 2 ** 23,
  );
  u1[count - 1] = 1 - 2 ** -23;
  const pairs = Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? u1 : u2)[i >> 1]!);
  const exact = Float64Array.from(
    u1,
    (u, i) => Math.sqrt(-2 * Math.log1p(-u)) * Math.cos(2 * Math.PI * u2[i]!),
  );
  for (const fma of modes) {
    // u1 and u2 stand in turn; each result stands twice.
    const map: ArrayMap<Float32Array> = compileMap(
      "f32x4",
      (f, x, options) => {
        const first = f.get(x, x).shuffle32(0, 0, 2, 2).save("v128");
        const second = f.get(x, x).shuffle32(1, 1, 3, 3).save("v128");
        emitBoxMuller(f, first, second, options);
        f.release(first, second);
      },
      { fma },
    );
    const results = map(pairs);
    const errors = exact.map((value, i) => Math.abs(results[2 * i]! - value));
    // Three units in the last place of 2, as an absolute error.
    expect(Math.max(...errors)).toBeLessThan(3 * 2 ** -22);
  }
});
