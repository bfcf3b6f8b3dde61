/** A WebAssembly module as bytes: functions, one imported memory, exports. */
import {
  type Callable,
  FunctionBuilder,
  type Signature,
  type ValueType,
  typeByte,
} from "./functionBuilder.ts";
import { unsigned } from "./leb.ts";

export interface MemoryLimits {
  /** Pages of 64 KiB. */
  initial: number;
  maximum: number;
  isShared: boolean;
}

const pageLimit = 65536;

export class ModuleBuilder {
  readonly #imports: (Callable & { name: string })[] = [];
  readonly #functions: FunctionBuilder[] = [];
  readonly #exports: { name: string; target: Callable }[] = [];
  readonly memory: MemoryLimits;

  /** The memory is imported as `env.memory`. */
  constructor(memory: Partial<MemoryLimits> = {}) {
    this.memory = { initial: 1, maximum: pageLimit, isShared: false, ...memory };
  }

  /** A function imported as `env.<name>`. */
  import(name: string, params: readonly ValueType[], results: readonly ValueType[]): Callable {
    const imported = { name, signature: { params, results }, index: this.#imports.length };
    this.#imports.push(imported);
    return imported;
  }

  /** A new function; its parameters are its first locals. */
  function(name: string, params: readonly ValueType[], results: readonly ValueType[] = []): FunctionBuilder {
    const made = new FunctionBuilder(name, { params, results });
    this.#functions.push(made);
    return made;
  }

  export(name: string, target: Callable): void {
    this.#exports.push({ name, target });
  }

  /** Instructions of all functions. */
  get instructions(): number {
    return this.#functions.reduce((sum, one) => sum + one.instructions, 0);
  }

  /** Names of functions, for profiles and traces of errors. */
  #names(): number[] {
    const entries = this.#functions.map((one) => [...unsigned(one.index), ...text(one.name)]);
    const count = unsigned(entries.length);
    const map = [...count, ...entries.flat()];
    const body = [...text("name"), 1, ...unsigned(map.length), ...map];
    return [0, ...unsigned(body.length), ...body];
  }

  encode(): Uint8Array<ArrayBuffer> {
    const types: string[] = [];
    const typeIndex = ({ params, results }: Signature): number => {
      const text = `${params.join()}>${results.join()}`;
      const known = types.indexOf(text);
      return known >= 0 ? known : types.push(text) - 1;
    };
    this.#functions.forEach((one, i) => (one.index = this.#imports.length + i));
    const importTypes = this.#imports.map((one) => typeIndex(one.signature));
    const functionTypes = this.#functions.map((one) => typeIndex(one.signature));
    const { initial, maximum, isShared } = this.memory;
    const limits = [isShared ? 3 : 1, ...unsigned(initial), ...unsigned(maximum)];
    const imports = [
      [...text("env"), ...text("memory"), 2, ...limits],
      ...this.#imports.map((one, i) => [...text("env"), ...text(one.name), 0, ...unsigned(importTypes[i]!)]),
    ];
    const typeEntries = types.map((entry) => {
      const [params, results] = entry.split(">").map((part) => part.split(",").filter((type) => type !== ""));
      const bytes = (list: string[]) => [
        ...unsigned(list.length),
        ...list.map((type) => typeByte[type as ValueType]),
      ];
      return [0x60, ...bytes(params!), ...bytes(results!)];
    });
    const bodies = this.#functions.map((one) => {
      const body = one.encode();
      return unsigned(body.length).concat(body);
    });
    const chunks = [
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, typeEntries),
      section(2, imports),
      section(
        3,
        functionTypes.map((type) => unsigned(type)),
      ),
      section(
        7,
        this.#exports.map(({ name, target }) => [...text(name), 0, ...unsigned(target.index)]),
      ),
      section(10, bodies),
      this.#names(),
    ];
    const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let offset = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }
}

function section(id: number, entries: readonly number[][]): number[] {
  const count = unsigned(entries.length);
  const size = entries.reduce((sum, entry) => sum + entry.length, count.length);
  const bytes = [id, ...unsigned(size), ...count];
  for (const entry of entries) for (const byte of entry) bytes.push(byte);
  return bytes;
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
}
