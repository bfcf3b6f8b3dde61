/**
 * The tables of jax-js 0.1.25, which are never emptied: compiled kernels (one for each constant that a kernel contains),
 * compiled programs, and derivatives of nested programs. A loop that multiplies by its own counter fills them until the
 * process dies. Here they lose their oldest entries; what is wanted again is computed again.
 */
import * as jax from "@jax-js/jax";
import { untypedJax } from "./jaxInternals.ts";
import { classes } from "./jaxprs.ts";

/** Entries that a table may have. A kernel takes about 17 kB. */
const most = 1024;

type Table = Map<unknown, unknown>;
type Setter = (this: Table, key: unknown, value: unknown) => Table;

let tables: readonly Table[] | undefined;

/**
 * Empties half of every table that has become too large. Only where no trace is open, and first while this room loads: the
 * tables are looked for by programs, which would become part of an open trace.
 */
export function trimCaches(): void {
  tables ??= findTables();
  for (const table of tables) if (table.size > most) dropOldest(table, table.size - most / 2);
}

/** @internal How many entries the tables have. */
export function cacheSizes(): number[] {
  tables ??= findTables();
  return tables.map(({ size }) => size);
}

function dropOldest(table: Table, count: number): void {
  for (const [key, value] of [...table].slice(0, count)) {
    table.delete(key);
    // A derivative owns the constants that its program closes over.
    const closed = value instanceof Map ? [...(value as Table).values()] : [value];
    for (const one of closed) if (isClosed(one)) one.dispose();
  }
}

const has = (value: unknown, ...names: string[]): boolean =>
  typeof value === "object" && value !== null && names.every((name) => name in value);

function isClosed(value: unknown): value is { dispose(): void } {
  return has(value, "jaxpr", "consts", "dispose");
}

/** The tables are private: an example that writes into each of them shows them. */
function findTables(): Table[] {
  const { Jaxpr } = classes();
  const found = new Set<Table>();
  const isTable = (key: unknown, value: unknown): boolean =>
    (typeof key === "string" && (has(value, "module") || has(value, "backend", "steps"))) ||
    (key instanceof Jaxpr && (value instanceof Map || has(value, "inBinders") || isClosed(value)));
  const prototype: { set: Setter } = Map.prototype;
  const { set } = prototype;
  prototype.set = function (key, value) {
    if (isTable(key, value)) found.add(this);
    return set.call(this, key, value);
  };
  try {
    writeIntoTables();
  } finally {
    prototype.set = set;
  }
  return [...found];
}

/** A nested program compiled, mapped, and differentiated in both modes. The constants occur nowhere else. */
function writeIntoTables(): void {
  const x = (): jax.Array => jax.numpy.zeros([2]);
  const nested: unknown = untypedJax.jit((y: jax.Array) => y.ref.mul(y).mul(0.7380123).sum());
  const call = nested as (y: jax.Array) => jax.Array;
  for (const result of [
    call(x()),
    (untypedJax.vmap(nested) as typeof call)(jax.numpy.zeros([2, 2])),
    ...(untypedJax.jvp(nested, [x()], [x()]) as jax.Array[]),
    (untypedJax.grad(nested) as typeof call)(x()),
  ]) {
    result.dataSync();
  }
  (nested as { dispose(): void }).dispose();
}
