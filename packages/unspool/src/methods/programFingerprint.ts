/**
 * A fingerprint of what a traced function computes: its equations, the numbers in them, the shapes that go in, and
 * the arrays that it closed over. Two functions with one fingerprint give the same bits on one engine.
 */
import { Tensor, type TracedBody, type TracedProgram, traceProgram, tree } from "../array/index.ts";

export interface ProgramFingerprint {
  /** 16 hexadecimal digits. */
  program: string;
  /** The first numbers in it, as they stand: learning rates, decays, sizes. For messages. */
  numbers: string;
  /** Structure, shapes and dtypes of the result. */
  output: unknown;
}

/** So many numbers are kept, and elements of a large array looked at. */
const keptNumbers = 32;
const sampledElements = 4096;

export function programFingerprint(
  name: string,
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
): ProgramFingerprint {
  const traced = traceProgram(name, fn, args);
  const hash = hasher();
  for (const [path, leaf] of tree.entries(args)) hash.text(`${path}:${leaf.dtype}[${leaf.shape.join()}]`);
  for (const constant of traced.constants) hashTensor(hash, constant);
  hash.text(JSON.stringify(traced.body, plainParameter));
  return { program: hash.digest(), numbers: numbersOf(traced).join(" "), output: traced.output };
}

/** Parameters of equations hold records, lists and now and then an object of jax-js. */
function plainParameter(_: string, value: unknown): unknown {
  if (typeof value === "function") return value.name;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return "-0";
  if (value instanceof Tensor) return `${value.dtype}[${value.shape.join()}]`;
  return value;
}

function hashTensor(hash: Hasher, { dtype, shape, data }: Tensor): void {
  hash.text(`${dtype}[${shape.join()}]`);
  const stride = Math.max(1, Math.ceil(data.length / sampledElements));
  for (let i = 0; i < data.length; i += stride) hash.number(data[i]!);
}

function numbersOf({ body, constants }: TracedProgram): string[] {
  const found = new Set<string>();
  const visit = ({ equations }: TracedBody): void => {
    for (const equation of equations) {
      for (const input of equation.inputs)
        if ("value" in input) found.add(String(Number(input.value.toPrecision(7))));
      if (equation.body !== undefined) visit(equation.body);
    }
  };
  visit(body);
  for (const { size, data } of constants) if (size === 1) found.add(String(data[0]));
  return [...found].slice(0, keptNumbers);
}

interface Hasher {
  text(text: string): void;
  number(value: number): void;
  digest(): string;
}

/** FNV-1a twice, with two starts: 64 bits, no cryptography. */
function hasher(): Hasher {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  const word = new DataView(new ArrayBuffer(8));
  const byte = (value: number): void => {
    a = Math.imul(a ^ value, 0x01000193);
    b = Math.imul(b ^ value, 0x01000193) ^ (b >>> 13);
  };
  return {
    text(text) {
      for (let i = 0; i < text.length; i++) byte(text.charCodeAt(i) & 0xffff);
      byte(0x1f);
    },
    number(value) {
      word.setFloat64(0, value);
      for (let i = 0; i < 8; i++) byte(word.getUint8(i));
    },
    digest: () => [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}
