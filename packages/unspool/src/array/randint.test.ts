import { expect, test } from "vitest";
import { type Tensor, np, random, vmap } from "./index.ts";

test("integers drawn under vmap use all bits of their words, and are those drawn one by one", () => {
  const keys = random.split(random.key(5), 4);
  const draw = (key: Tensor) => random.randint(key, [64], 0, 50_000);
  const mapped = vmap(draw)(keys);
  for (let i = 0; i < 4; i++) {
    const key = np.array(Uint32Array.from(keys.data.slice(2 * i, 2 * i + 2)));
    expect([...draw(key).data]).toEqual([...mapped.data.slice(64 * i, 64 * i + 64)]);
  }
});

test("plain integers beside integer tensors stay integers under vmap", () => {
  const words = np.array(Uint32Array.of(4_294_967_295, 16_777_217));
  const low = vmap((word: Tensor) => word.mod(1000))(words);
  expect(low.dtype).toBe("uint32");
  expect([...low.data]).toEqual([295, 217]);
});
