/** Copies panels of a product's right side to one contiguous stretch: [summed element][columns of the panel]. */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type ProductSide, panelBytes } from "./productPlan.ts";

export class PanelPacker {
  readonly #f: FunctionBuilder;
  readonly #right: ProductSide;
  readonly #bytes: number;
  readonly #lanes: number;
  readonly #packed: Local;
  /** Summed elements of the block at hand. */
  readonly #depth: Local;

  constructor(f: FunctionBuilder, right: ProductSide, bytes: number, packed: Local, depth: Local) {
    this.#f = f;
    this.#right = right;
    this.#bytes = bytes;
    this.#lanes = 16 / bytes;
    this.#packed = packed;
    this.#depth = depth;
  }

  /** Packs the panel of `width` columns that begins at `from`. */
  pack(width: number, from: Local): void {
    const right = this.#right;
    if (right.column === this.#bytes) this.#packRows(width, from);
    else if (right.summed === this.#bytes) this.#packColumns(width, from);
    else this.#packSingly(width, from);
  }

  /** Runs `body` for every `step`-th summed element of the block, with pointers into the operand and the packed panel. */
  #walk(from: Local, passes: Local, step: number, body: (source: Local, packed: Local) => void): void {
    const f = this.#f;
    f.get(from);
    const source = f.save("i32");
    f.get(this.#packed);
    const packed = f.save("i32");
    const counter = f.local("i32");
    f.forLoop(counter, 0, [passes], 1, () => {
      body(source, packed);
      f.get(source)
        .i32(step * this.#right.summed)
        .op("i32.add")
        .set(source);
      f.get(packed)
        .i32(step * panelBytes)
        .op("i32.add")
        .set(packed);
    });
    f.release(source, packed, counter);
  }

  #packRows(width: number, from: Local): void {
    const f = this.#f;
    this.#walk(from, this.#depth, 1, (source, packed) => {
      for (let v = 0; v < this.#vectors(width); v++)
        f.get(packed, source)
          .mem("v128.load", 16 * v, 2)
          .mem("v128.store", 16 * v, 2);
    });
  }

  #packSingly(width: number, from: Local): void {
    this.#walk(from, this.#depth, 1, (source, packed) => this.#packOne(width, source, packed));
  }

  /** One summed element of all columns, column by column. */
  #packOne(width: number, source: Local, packed: Local): void {
    const f = this.#f;
    const name = this.#bytes === 4 ? "i32" : "i64";
    for (let c = 0; c < width; c++) {
      f.get(packed, source).mem(`${name}.load`, c * this.#right.column);
      f.mem(`${name}.store`, c * this.#bytes);
    }
  }

  /** The summed elements of a column are neighbours: squares of vectors are transposed. */
  #packColumns(width: number, from: Local): void {
    const f = this.#f;
    const lanes = this.#lanes;
    const { column } = this.#right;
    const squares = f.local("i32");
    const whole = (): FunctionBuilder => f.get(this.#depth).i32(Math.log2(lanes)).op("i32.shr_u");
    whole().set(squares);
    f.get(squares).if(() => {
      this.#walk(from, squares, lanes, (source, packed) => {
        for (let v = 0; v < this.#vectors(width); v++) {
          const columns = Array.from({ length: lanes }, (_, lane) => {
            // Columns past the last one are never stored: any will do.
            const at = Math.min(v * lanes + lane, width - 1);
            f.get(source).mem("v128.load", at * column, 2);
            return f.save("v128");
          });
          const rows = transposed(f, columns);
          rows.forEach((row, k) => f.get(packed, row).mem("v128.store", k * panelBytes + 16 * v, 2));
          f.release(...columns, ...rows.filter((row) => !columns.includes(row)));
        }
      });
    });
    const rest = f.local("i32");
    f.get(this.#depth)
      .i32(lanes - 1)
      .op("i32.and")
      .set(rest);
    f.get(rest).if(() => {
      const [source, packed, counter] = [f.local("i32"), f.local("i32"), f.local("i32")];
      f.get(squares).i32(16).op("i32.mul").get(from).op("i32.add").set(source);
      f.get(squares)
        .i32(lanes * panelBytes)
        .op("i32.mul")
        .get(this.#packed)
        .op("i32.add")
        .set(packed);
      f.forLoop(counter, 0, [rest], 1, () => {
        this.#packOne(width, source, packed);
        f.get(source).i32(this.#bytes).op("i32.add").set(source);
        f.get(packed).i32(panelBytes).op("i32.add").set(packed);
      });
      f.release(source, packed, counter);
    });
    f.release(squares, rest);
  }

  #vectors(width: number): number {
    return Math.ceil(width / this.#lanes);
  }
}

/** The rows of a square of vectors whose columns are given. */
function transposed(f: FunctionBuilder, columns: readonly Local[]): Local[] {
  const mixed = (x: Local, y: Local, lanes: [number, number, number, number]): Local => {
    f.get(x, y).shuffle32(...lanes);
    return f.save("v128");
  };
  if (columns.length === 2) {
    const [x, y] = columns as [Local, Local];
    return [mixed(x, y, [0, 1, 4, 5]), mixed(x, y, [2, 3, 6, 7])];
  }
  const [a, b, c, d] = columns as [Local, Local, Local, Local];
  const [ab, cd] = [mixed(a, b, [0, 4, 1, 5]), mixed(c, d, [0, 4, 1, 5])];
  const [abHigh, cdHigh] = [mixed(a, b, [2, 6, 3, 7]), mixed(c, d, [2, 6, 3, 7])];
  const rows = [
    mixed(ab, cd, [0, 1, 4, 5]),
    mixed(ab, cd, [2, 3, 6, 7]),
    mixed(abHigh, cdHigh, [0, 1, 4, 5]),
    mixed(abHigh, cdHigh, [2, 3, 6, 7]),
  ];
  f.release(ab, cd, abHigh, cdHigh);
  return rows;
}
