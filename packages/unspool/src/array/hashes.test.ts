import { expect, test } from "vitest";
import { hashOfText } from "./hashes.ts";

test("texts that differ in one place, in order or in length have hashes of their own", () => {
  const words = ["", "a", "b", "ab", "ba", "aa", "[1,2]", "[2,1]", "[12]", "\u0000", "\u0000\u0000"];
  const numbered = Array.from({ length: 20_000 }, (_, i) => `{"shape":[${i}],"axis":${i % 7}}`);
  const texts = [...words, ...numbered];
  expect(new Set(texts.map(hashOfText)).size).toBe(texts.length);
});

test("a hash is an integer of at most 53 bits, spread over all of them", () => {
  let or = 0n;
  let and = 2n ** 53n - 1n;
  for (let i = 0; i < 1000; i++) {
    const hash = hashOfText(`term ${i}`);
    expect(Number.isSafeInteger(hash) && hash >= 0).toBe(true);
    or |= BigInt(hash);
    and &= BigInt(hash);
  }
  expect([or, and]).toEqual([2n ** 53n - 1n, 0n]);
});
