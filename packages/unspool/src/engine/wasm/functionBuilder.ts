/**
 * The body of one WebAssembly function, written instruction by instruction. Operands are on the stack; values that are
 * used again live in locals. Instructions have the names of the text format.
 */
import { signed, signed64, unsigned } from "./leb.ts";
import { laneMemory, lanes, memory, plain } from "./opcodes.ts";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

export const typeByte: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** Index of a local of the function it was made by. Parameters are the first locals. */
export type Local = number;

export interface Signature {
  params: readonly ValueType[];
  results: readonly ValueType[];
}

/** What `call` needs: functions get their index when the module is encoded, imports first. */
export interface Callable {
  readonly signature: Signature;
  index: number;
}

export class FunctionBuilder implements Callable {
  readonly name: string;
  readonly signature: Signature;
  index = -1;
  readonly #types: ValueType[];
  readonly #free: Record<ValueType, Local[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
  /** Constants, set before everything else. */
  readonly #constants = new Map<string, { local: Local; code: number[] }>();
  // Calls are patched in when indices are known.
  #code: (number | Callable)[] = [];
  #depth = 0;
  /** Instructions written so far. */
  instructions = 0;
  /** What `explain` says of how the function works. */
  note = "";

  constructor(name: string, signature: Signature) {
    this.name = name;
    this.signature = signature;
    this.#types = [...signature.params];
  }

  /** A new local, or one that `release` gave back. Its content is undefined: set it before use. */
  local(type: ValueType): Local {
    return this.#free[type].pop() ?? this.#types.push(type) - 1;
  }

  /** Lets a local be used for something else. */
  release(...locals: Local[]): void {
    for (const local of locals) this.#free[this.#types[local]!].push(local);
  }

  typeOf(local: Local): ValueType {
    return this.#types[local]!;
  }

  get(...locals: Local[]): this {
    for (const local of locals) this.#push(0x20, ...unsigned(local));
    return this;
  }

  set(local: Local): this {
    return this.#push(0x21, ...unsigned(local));
  }

  tee(local: Local): this {
    return this.#push(0x22, ...unsigned(local));
  }

  /** Pops into a new local. */
  save(type: ValueType): Local {
    const local = this.local(type);
    this.set(local);
    return local;
  }

  i32(value: number): this {
    return this.#push(0x41, ...signed(value));
  }

  i64(value: bigint): this {
    return this.#push(0x42, ...signed64(value));
  }

  f32(value: number): this {
    return this.#push(0x43, ...new Uint8Array(Float32Array.of(value).buffer));
  }

  f64(value: number): this {
    return this.#push(0x44, ...new Uint8Array(Float64Array.of(value).buffer));
  }

  /** A vector constant from 16 bytes. */
  v128(bytes: ArrayBufferView): this {
    return this.#push(0xfd, ...unsigned(12), ...new Uint8Array(bytes.buffer, bytes.byteOffset, 16));
  }

  /** A vector constant with one number in all lanes. */
  splat(type: "f32x4" | "f64x2" | "i32x4", value: number): this {
    if (type === "f32x4") return this.v128(new Float32Array(4).fill(value));
    if (type === "f64x2") return this.v128(new Float64Array(2).fill(value));
    return this.v128(new Int32Array(4).fill(value));
  }

  /** A local that holds a vector constant, set once at the start of the function: never write to it. */
  constant(type: "f32x4" | "f64x2" | "i32x4", value: number): Local {
    const name = `${type}${Object.is(value, -0) ? "-0" : value}`;
    let known = this.#constants.get(name);
    if (known === undefined) {
      const before = this.#code;
      this.#code = [];
      // Not one that was released: those are written to before and after.
      const local = this.#types.push("v128") - 1;
      this.splat(type, value).set(local);
      known = { local, code: this.#code as number[] };
      this.#code = before;
      this.#constants.set(name, known);
    }
    return known.local;
  }

  /** An instruction without immediates, by its name. */
  op(name: string): this {
    const code = plain[name];
    if (code === undefined) throw new Error(`internal: unknown instruction ${name}`);
    return typeof code === "number" ? this.#push(code) : this.#push(code[0], ...unsigned(code[1]));
  }

  /** A load or store with a constant offset added to its address. `align` is a power of two, by default natural. */
  mem(name: string, offset = 0, align?: number): this {
    const [code, natural] = memory[name]!;
    const bytes = typeof code === "number" ? [code] : [code[0], ...unsigned(code[1])];
    return this.#push(...bytes, align ?? natural, ...unsigned(offset));
  }

  /** Loads or stores one lane of a vector. */
  laneMem(name: string, lane: number, offset = 0): this {
    const [code, align] = laneMemory[name]!;
    return this.#push(0xfd, ...unsigned(code), align, ...unsigned(offset), lane);
  }

  /** Moves between a lane and a scalar, as `f32x4.extract_lane`. */
  lane(name: string, lane: number): this {
    return this.#push(0xfd, ...unsigned(lanes[name]!), lane);
  }

  /** `i8x16.shuffle`: 16 byte indices into the two operands. */
  shuffle(bytes: readonly number[]): this {
    return this.#push(0xfd, ...unsigned(13), ...bytes);
  }

  /** `i8x16.shuffle` by 4-byte lanes: 0-3 of the first operand, 4-7 of the second. */
  shuffle32(a: number, b: number, c: number, d: number): this {
    return this.shuffle([a, b, c, d].flatMap((lane) => [0, 1, 2, 3].map((i) => 4 * lane + i)));
  }

  call(target: Callable): this {
    this.instructions++;
    this.#code.push(0x10, target);
    return this;
  }

  memoryCopy(): this {
    return this.#push(0xfc, 10, 0, 0);
  }

  memoryFill(): this {
    return this.#push(0xfc, 11, 0);
  }

  fence(): this {
    return this.#push(0xfe, 3, 0);
  }

  block(body: () => void): this {
    return this.#nest(0x02, body);
  }

  loop(body: () => void): this {
    return this.#nest(0x03, body);
  }

  /** Pops a condition. */
  if(then: () => void, otherwise?: () => void): this {
    this.#push(0x04, 0x40);
    this.#depth++;
    then();
    if (otherwise !== undefined) {
      this.#push(0x05);
      otherwise();
    }
    this.#depth--;
    return this.#push(0x0b);
  }

  /** Branches out of (block) or to the start of (loop) the enclosing construct at `depth`, 0 the innermost. */
  br(depth: number): this {
    return this.#push(0x0c, ...unsigned(depth));
  }

  brIf(depth: number): this {
    return this.#push(0x0d, ...unsigned(depth));
  }

  /**
   * `for (counter = from; counter < to; counter += step)`, tested at the end: the body runs at least once. Bounds are
   * numbers or i32 locals.
   */
  forLoop(
    counter: Local,
    from: number | Local[],
    to: number | Local[],
    step: number,
    body: () => void,
  ): this {
    const push = (bound: number | Local[]) =>
      typeof bound === "number" ? this.i32(bound) : this.get(bound[0]!);
    push(from);
    this.set(counter);
    return this.loop(() => {
      body();
      this.get(counter).i32(step).op("i32.add").tee(counter);
      push(to);
      this.op("i32.lt_s").brIf(0);
    });
  }

  #nest(opcode: number, body: () => void): this {
    this.#push(opcode, 0x40);
    this.#depth++;
    body();
    this.#depth--;
    return this.#push(0x0b);
  }

  #push(...bytes: number[]): this {
    this.instructions++;
    for (const byte of bytes) this.#code.push(byte);
    return this;
  }

  /** @internal The encoded body with its locals. */
  encode(): number[] {
    if (this.#depth !== 0) throw new Error(`internal: ${this.name} has open blocks`);
    const own = this.#types.slice(this.signature.params.length);
    const runs: [count: number, type: ValueType][] = [];
    for (const type of own) {
      const last = runs.at(-1);
      if (last !== undefined && last[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    const bytes = unsigned(runs.length);
    for (const [count, type] of runs) bytes.push(...unsigned(count), typeByte[type]);
    for (const { code } of this.#constants.values()) for (const byte of code) bytes.push(byte);
    for (const part of this.#code) {
      if (typeof part === "number") bytes.push(part);
      else bytes.push(...unsigned(part.index));
    }
    bytes.push(0x0b);
    return bytes;
  }
}
