/**
 * Loop nests over strided operands. Axes that all operands visit in one sweep are merged; operands that move together
 * share one pointer; an operand is loaded as far out as it can be.
 */
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { rowParameter } from "./kernelFunction.ts";
import type { Base } from "./location.ts";

/** Something that moves through memory as loops go round: `base + offset + sum of index * stride`. */
export interface Moving {
  readonly base: Base | "index";
  readonly offset: number;
  /** Bytes per step of each axis. */
  readonly strides: number[];
  /** Bytes per row of a strip; 0 for what only the strip holds, or does not move along rows. */
  rowBytes?: number;
}

export interface Axis {
  size: number;
  /** How many of its elements one pass of the loop takes. */
  step: number;
  kind: "kept" | "reduced" | "lane";
  isVector: boolean;
}

/** Merges neighbouring axes of one kind where every operand's strides allow it. Strides change in place. */
export function mergeAxes(axes: Axis[], moving: readonly Moving[]): void {
  for (let i = axes.length - 2; i >= 0; i--) {
    const [outer, inner] = [axes[i]!, axes[i + 1]!];
    const isPlain = outer.kind === inner.kind && outer.kind !== "lane" && !outer.isVector;
    if (!isPlain || !moving.every(({ strides }) => strides[i] === strides[i + 1]! * inner.size)) continue;
    axes.splice(i, 1);
    inner.size *= outer.size;
    for (const { strides } of moving) strides.splice(i, 1);
  }
}

/** Drops axes of one element. */
export function dropTrivialAxes(axes: Axis[], moving: readonly Moving[]): void {
  for (let i = axes.length - 1; i >= 0; i--) {
    if (axes[i]!.size !== 1 || axes[i]!.isVector) continue;
    axes.splice(i, 1);
    for (const { strides } of moving) strides.splice(i, 1);
  }
}

/** The innermost loop that moves an operand; -1 if none does. */
export const depthOf = ({ strides }: Moving): number => strides.findLastIndex((stride) => stride !== 0);

export interface PointerSet {
  /** The pointer of an operand inside the loops entered so far. */
  at(moving: Moving): Local;
  /** What to add to it. */
  offset(moving: Moving): number;
  enter(depth: number): void;
  /** Moves the pointers of the loop at `depth` by one pass. */
  advance(depth: number, step: number): void;
  leave(depth: number): void;
}

/** One pointer per base and strides, with a local for each loop that moves it. */
export function pointerSet(
  f: FunctionBuilder,
  bases: Readonly<Record<Base, Local | undefined>>,
  moving: readonly Moving[],
): PointerSet {
  const nameOf = ({ base, strides, rowBytes = 0 }: Moving): string => `${base}:${strides.join()}:${rowBytes}`;
  const classes = new Map<string, { strides: number[]; stack: Local[]; start: number }>();
  for (const one of moving) {
    const name = nameOf(one);
    if (classes.has(name)) continue;
    const base = one.base === "index" ? undefined : bases[one.base];
    // A pointer that runs backwards must not fall below 0, to which no offset could be added.
    const isBackward = one.strides.some((stride) => stride < 0) && one.base !== "index";
    const offsets = moving.filter((other) => nameOf(other) === name).map(({ offset }) => offset);
    const start = isBackward ? Math.min(...offsets) : 0;
    let pointer = base;
    const { rowBytes = 0 } = one;
    if (base === undefined || start !== 0 || rowBytes !== 0) {
      pointer = f.local("i32");
      f.i32(start);
      if (base !== undefined) f.get(base).op("i32.add");
      if (rowBytes !== 0) f.get(rowParameter).i32(rowBytes).op("i32.mul").op("i32.add");
      f.set(pointer);
    }
    classes.set(name, { strides: one.strides, stack: [pointer!], start });
  }
  return {
    at: (one) => classes.get(nameOf(one))!.stack.at(-1)!,
    offset: (one) => one.offset - classes.get(nameOf(one))!.start,
    enter(depth) {
      for (const { strides, stack } of classes.values()) {
        const top = stack.at(-1)!;
        if (strides[depth] === 0) {
          stack.push(top);
          continue;
        }
        const own = f.local("i32");
        f.get(top).set(own);
        stack.push(own);
      }
    },
    advance(depth, step) {
      for (const { strides, stack } of classes.values()) {
        if (strides[depth] === 0) continue;
        const top = stack.at(-1)!;
        f.get(top)
          .i32(strides[depth]! * step)
          .op("i32.add")
          .set(top);
      }
    },
    leave(depth) {
      for (const { strides, stack } of classes.values()) {
        const top = stack.pop()!;
        if (strides[depth] !== 0) f.release(top);
      }
    },
  };
}
