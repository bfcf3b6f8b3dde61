/**
 * jax-js knows expressions and programs again by a hash of their text, which it folds in character by character with
 * big integers: a tenth of the time of tracing. Here a text is brought to one integer of 53 bits first, by two products of
 * 32 bits for each character, so that the big integers work once. It is as good at keeping texts apart: the hash of jax-js
 * has 52 bits.
 */
import { classes } from "./jaxprs.ts";

interface Hasher {
  update(value: unknown): Hasher;
}

/** The class of programs, as far as it is used here. */
type Program = new (inputs: [], equations: [], outs: [{ value: unknown }]) => { getHash(): bigint };

/** Replaces how jax-js hashes texts, once, before the first program is made. */
export function hashTextsAtOnce(): void {
  const prototype = Object.getPrototypeOf(anyHasher()) as Hasher;
  const { update } = prototype;
  prototype.update = function (value) {
    return update.call(this, typeof value === "string" ? hashOfText(value) : value);
  };
}

/** An integer from 0 to 2^53 - 1, by the multipliers of MurmurHash3. */
export function hashOfText(text: string): number {
  let low = 0x9747b28c ^ text.length;
  let high = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x85ebca6b);
    low ^= low >>> 15;
    high = Math.imul(high ^ code, 0xc2b2ae35);
    high ^= high >>> 13;
  }
  low = Math.imul(low ^ (low >>> 16), 0xcc9e2d51) ^ Math.imul(high ^ (high >>> 13), 0x1b873593);
  high = Math.imul(high ^ (high >>> 16), 0xcc9e2d51) ^ Math.imul(low ^ (low >>> 13), 0x1b873593);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

/** A hasher of jax-js, which does not export the class: it hands itself to what a program gives out, if that is no number. */
function anyHasher(): Hasher {
  let found: Hasher | undefined;
  const out = { hash: (state: Hasher): void => void (found = state) };
  const { Jaxpr }: { Jaxpr: unknown } = classes();
  const program = new (Jaxpr as Program)([], [], [{ value: out }]);
  program.getHash();
  if (found === undefined) throw new Error("internal: jax-js hashed a program without its outputs");
  return found;
}
