/**
 * Between tensors of many units and the plain data of one: numbers, booleans and typed arrays in records and arrays,
 * which is what simulators read and write.
 */
import { type DType, Tensor, type TensorData, tensorOf, tree } from "../array/index.ts";
import { ShapeError, show } from "../errors.ts";

/** Plain data as tensors of its own: numbers become float64 scalars, typed arrays are copied. */
export function toTensors(where: string, value: unknown): unknown {
  if (Tensor.is(value)) return value;
  if (typeof value === "number") return tree.scalar(value, "float64");
  if (ArrayBuffer.isView(value)) return tree.tensors((value as TensorData).slice());
  if (typeof value === "boolean") return tree.tensors(value);
  if (Array.isArray(value)) return value.map((part) => toTensors(where, part));
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toTensors(where, part)]));
  throw new ShapeError(
    where,
    `the state must be plain data (numbers, booleans and typed arrays in records and arrays), got ${show(value)}.`,
  );
}

/** One leaf of all units. */
export interface Column {
  /** Of one unit. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly size: number;
  /** Elements of all units one after the other, or of one for all where `stride` is 0. */
  data: TensorData;
  stride: number;
}

/** A tree of all units, whose rows are read and written as plain data. */
export interface Table {
  /** In the order of the tree's leaves; their data must be set before rows are read or written. */
  readonly columns: readonly Column[];
  /** Scalars as numbers and booleans, everything else as views: what is written into them is written. */
  read(row: number): unknown;
  /** Throws `ShapeError` unless `value` has the structure of the table. */
  write(row: number, value: unknown): void;
}

/** A table for trees like `example`, the tensors of one unit. `where` and `what` are for errors. */
export function plainTable(where: string, what: string, example: unknown): Table {
  const columns = tree.leaves(example).map(({ shape, dtype, size }): Column => {
    return { shape, dtype, size, data: new Float64Array(0), stride: size };
  });
  let next = 0;
  const nodeOf = (part: unknown, path: string): Node => {
    if (Tensor.is(part)) return leafNode(columns[next++]!, `${what}${path === "" ? "" : ` at "${path}"`}`);
    const names = Object.keys(part as object);
    if (!Array.isArray(part)) names.sort((a, b) => (a < b ? -1 : 1));
    const children = names.map((name) => {
      const inside = path === "" ? name : `${path}.${name}`;
      return [name, nodeOf((part as Record<string, unknown>)[name], inside)] as const;
    });
    return branchNode(children, Array.isArray(part), `${what}${path === "" ? "" : ` at "${path}"`}`);
  };
  const root = nodeOf(example, "");
  return {
    columns,
    read: root.read,
    write(row, value) {
      const problem = root.write(row, value);
      if (problem !== undefined) throw new ShapeError(where, problem);
    },
  };
}

interface Node {
  read(row: number): unknown;
  /** What is wrong with the value, if anything. */
  write(row: number, value: unknown): string | undefined;
}

function leafNode(column: Column, what: string): Node {
  const { shape, dtype, size } = column;
  const expected = (given: unknown): string =>
    `${what} is ${show(given)}, expected ${shape.length === 0 ? (dtype === "bool" ? "a boolean" : "a number") : `a typed array of ${size} elements (${dtype})`}.`;
  if (shape.length === 0) {
    return {
      read(row) {
        const value = column.data[row * column.stride]!;
        return dtype === "bool" ? value !== 0 : value;
      },
      write(row, value) {
        if (typeof value !== (dtype === "bool" ? "boolean" : "number")) return expected(value);
        column.data[row * column.stride] = Number(value);
        return undefined;
      },
    };
  }
  return {
    read: (row) => column.data.subarray(row * column.stride, row * column.stride + size),
    write(row, value) {
      const { data } = column;
      const given = value as TensorData;
      if (!ArrayBuffer.isView(value) || given.constructor !== data.constructor || given.length !== size)
        return expected(value);
      const offset = row * column.stride;
      const isInPlace =
        given.buffer === data.buffer &&
        given.byteOffset === data.byteOffset + offset * data.BYTES_PER_ELEMENT;
      if (!isInPlace) data.set(given, offset);
      return undefined;
    },
  };
}

function branchNode(children: readonly (readonly [string, Node])[], isArray: boolean, what: string): Node {
  return {
    read(row) {
      if (isArray) return children.map(([, child]) => child.read(row));
      const record: Record<string, unknown> = {};
      for (const [name, child] of children) record[name] = child.read(row);
      return record;
    },
    write(row, value) {
      if (typeof value !== "object" || value === null || Object.keys(value).length !== children.length) {
        const names = children.map(([name]) => name).join(", ");
        return `${what} is ${show(value)}, expected ${isArray ? `an array of ${children.length}` : `a record of ${names}`}.`;
      }
      for (const [name, child] of children) {
        const problem = child.write(row, (value as Record<string, unknown>)[name]);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  };
}

/** The columns as tensors, [units, …]. */
export function tensorsOf({ columns }: Table, units: number): Tensor[] {
  return columns.map(({ data, shape, dtype }) => tensorOf(data, [units, ...shape], dtype));
}
