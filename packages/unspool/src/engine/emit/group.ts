/**
 * The loop nest of a group: loads, elementwise operations in registers, stores, and at its end reductions.
 *
 * For values that differ between units the innermost axis is the lanes of a tile, and the members of a unit are
 * unrolled in the body: what they share is loaded once. For values that all units share, four elements of the last
 * axis go together, and what is left over is done again, lane by lane.
 */
import type { DType } from "../../array/index.ts";
import type { Node } from "../graph/node.ts";
import type { Group, Schedule } from "../graph/schedule.ts";
import type { Strips } from "../graph/strips.ts";
import { numberOf } from "../graph/builder.ts";
import { emitThreefry, multiplyAdd } from "../math/index.ts";
import type { FunctionBuilder, Local } from "../wasm/index.ts";
import { type Gathered, emitGather, gatheredFrom } from "./gather.ts";
import { kernelFunction } from "./kernelFunction.ts";
import { type EmitContext, type Location, bytesOf, stridesAt } from "./location.ts";
import { type Axis, type Moving, depthOf, dropTrivialAxes, mergeAxes, pointerSet } from "./nest.ts";
import { emitOperation, reductionInstruction, reductionStart } from "./operations.ts";
import { emitPair, partnerOf } from "./pairs.ts";
import {
  type Access,
  type Vector,
  constantVector,
  isWide,
  lanePrefix,
  loadVector,
  storeVector,
} from "./vectors.ts";

/** An operand of the group in memory. */
interface Operand extends Moving {
  /** Whose elements they are. */
  readonly node: Node | undefined;
  readonly dtype: DType;
  readonly location: Location | undefined;
}

interface Store extends Operand {
  readonly node: Node;
}

interface Sink extends Operand {
  readonly node: Node;
}

/** One of the copies of the body. */
interface Copy {
  index: number;
  member: number;
  /** Of neighbouring vectors of lanes. */
  vector: number;
}

/** A node whose value is needed, seen with the shape of the node that uses it. */
type OperandOf = (input: Node) => Operand | undefined;

/** Emits the group as a function of the kernel pointers. `stored` are the nodes that others read from memory. */
export function emitGroup(
  context: EmitContext,
  schedule: Schedule,
  at: number,
  stored: ReadonlySet<Node>,
  name: string,
): FunctionBuilder {
  return new GroupEmitter(context, schedule, at, stored, name).emit();
}

class GroupEmitter {
  readonly #context: EmitContext;
  readonly #schedule: Schedule;
  readonly #at: number;
  readonly #group: Group;
  readonly #f: FunctionBuilder;
  readonly #axes: Axis[];
  readonly #operands = new Map<string, Operand>();
  readonly #gathers = new Map<Node, Gathered>();
  readonly #stores: Store[] = [];
  readonly #sinks: Sink[] = [];
  /** Order of the axes of the space in the nest. */
  readonly #order: number[];
  readonly #vectorAxis: number;
  readonly #isLaned: boolean;
  /** What the body is unrolled over: members of a unit, and neighbouring vectors of lanes. */
  readonly #copies: readonly Copy[];
  readonly #vectors: number;
  #pointers!: ReturnType<typeof pointerSet>;
  /** Values in registers: by node and member. */
  #values = new Map<string, Vector>();
  #uses = new Map<string, number>();
  #accumulators = new Map<string, Vector>();
  readonly #deferred = new Map<Node, boolean>();

  constructor(context: EmitContext, schedule: Schedule, at: number, stored: ReadonlySet<Node>, name: string) {
    this.#context = context;
    this.#schedule = schedule;
    this.#at = at;
    this.#group = schedule.kernels[at] as Group;
    this.#f = kernelFunction(context.module, name, context.strips !== undefined);
    const { level, shape, reduced = [], nodes } = this.#group;
    this.#isLaned = level > 0;
    const members = level === 2 ? context.members : 1;
    // Two chains of operations at once keep the machine busy where one would wait for its own results.
    this.#vectors = this.#isLaned && members === 1 && (context.units / 4) % 2 === 0 ? 2 : 1;
    this.#copies = Array.from({ length: members * this.#vectors }, (_, i) => ({
      index: i,
      member: Math.floor(i / this.#vectors),
      vector: i % this.#vectors,
    }));
    const kept = shape.map((_, i) => i).filter((i) => !reduced.includes(i));
    this.#order = [...kept, ...reduced];
    // Without lanes the last axis is the vector: a kept one stays outside of the reduced ones.
    this.#vectorAxis = this.#isLaned ? -1 : shape.length - 1;
    if (!this.#isLaned && reduced.includes(shape.length - 1))
      this.#order.sort((a, b) => rankIn(reduced, a) - rankIn(reduced, b) || a - b);
    this.#axes = this.#order.map((i) => ({
      size: shape[i]!,
      step: 1,
      kind: reduced.includes(i) ? "reduced" : "kept",
      isVector: i === this.#vectorAxis,
    }));
    for (const node of nodes) this.#collect(node, stored);
    if (context.strips !== undefined) this.#cutRows(context.strips);
    this.#addInnerAxis(kept.length);
    mergeAxes(this.#axes, this.#moving());
    dropTrivialAxes(this.#axes, this.#moving());
  }

  /** The first axis is the rows, of which a strip is computed. */
  #cutRows({ rows, internal }: Strips): void {
    this.#axes[0]!.size = rows;
    for (const one of this.#moving())
      one.rowBytes = "node" in one && internal.has(one.node as Node) ? 0 : one.strides[0]!;
  }

  /** Lanes, or for a single number of level 0 a vector axis of one element. */
  #addInnerAxis(keptAxes: number): void {
    const turns = this.#context.units / 4;
    if (this.#isLaned && turns > 1) {
      this.#axes.splice(keptAxes, 0, { size: turns, step: this.#vectors, kind: "lane", isVector: false });
      for (const one of this.#moving())
        one.strides.splice(keptAxes, 0, "location" in one ? laneStride(one as Operand) : 0);
    }
    if (!this.#isLaned && this.#vectorAxis < 0) {
      this.#axes.push({ size: 1, step: 1, kind: "kept", isVector: true });
      for (const one of this.#moving()) one.strides.push(0);
    }
    for (const axis of this.#axes) if (axis.isVector) axis.step = 4;
  }

  #moving(): Moving[] {
    return [...this.#operands.values(), ...this.#gathers.values(), ...this.#stores, ...this.#sinks];
  }

  #isLocal(node: Node): boolean {
    return this.#schedule.isLocal(this.#at, node);
  }

  #collect(node: Node, stored: ReadonlySet<Node>): void {
    node.inputs.forEach((input, i) => {
      if (node.op === "gather" && i === 0) {
        this.#gathers.set(
          node,
          gatheredFrom(node, this.#schedule.accesses.of(input), this.#context, (strides) =>
            this.#inOrder(node.shape, strides),
          ),
        );
        return;
      }
      this.#operandOf(input);
    });
    if (node.op === "reduce") {
      const location = this.#context.locate(node);
      const strides = stridesAt(node, location);
      const kept = node.inputs[0]!.shape.map((_, i) => i).filter((i) => !node.params.axes!.includes(i));
      const full = node.inputs[0]!.shape.map((_, i) => (kept.includes(i) ? strides[kept.indexOf(i)]! : 0));
      this.#sinks.push({ ...this.#operand(node.inputs[0]!.shape, full, 0, node), node });
    } else if (stored.has(node)) {
      const location = this.#context.locate(node);
      this.#stores.push({
        ...this.#operand(node.shape, stridesAt(node, location), 0, node),
        node,
      });
    }
  }

  /** The operand in memory behind an input that is not in a register. */
  readonly #operandOf: OperandOf = (input) => {
    if (numberOf(input) !== undefined) return undefined;
    const { base, strides, offset } = this.#schedule.accesses.of(input);
    if (this.#isLocal(base)) return undefined;
    const name = `${base.id}:${offset}:${this.#inOrder(input.shape, strides).join()}`;
    let operand = this.#operands.get(name);
    if (operand === undefined) {
      operand =
        base.op === "iota"
          ? {
              base: "index",
              offset,
              strides: this.#inOrder(input.shape, strides),
              dtype: "uint32",
              location: undefined,
              node: undefined,
            }
          : this.#operand(input.shape, strides, offset, base);
      this.#operands.set(name, operand);
    }
    return operand;
  };

  #operand(shape: readonly number[], strides: readonly number[], offset: number, node: Node): Operand {
    const { dtype } = node;
    const bytes = bytesOf(dtype);
    const location = this.#context.locate(node);
    const { lanes } = location;
    return {
      node,
      base: location.base,
      offset: location.offset + offset * lanes * bytes,
      strides: this.#inOrder(shape, strides).map((stride) => stride * lanes * bytes),
      dtype,
      location,
    };
  }

  /** Strides of a node's axes as strides of the nest's. */
  #inOrder(shape: readonly number[], strides: readonly number[]): number[] {
    const squeezed = strides.filter((_, i) => shape[i] !== 1);
    return this.#order.map((i) => squeezed[i]!);
  }

  emit(): FunctionBuilder {
    const f = this.#f;
    this.#pointers = pointerSet(
      f,
      { absolute: undefined, scratch: 0, tile: 1, first: 2, second: 3 },
      this.#moving(),
    );
    this.#load(-1);
    this.#startReductions(-1);
    this.#loops(0, 4);
    if (this.#group.reduced !== undefined && this.#firstReduced() === 0) this.#endReductions(4);
    return f;
  }

  #firstReduced(): number {
    const first = this.#axes.findIndex((axis) => axis.kind === "reduced");
    return first < 0 ? this.#axes.length : first;
  }

  /** The loops from `depth` inward; `count` of the four lanes are real. */
  #loops(depth: number, count: number): void {
    const f = this.#f;
    const axis = this.#axes[depth];
    if (axis === undefined) {
      this.#body(count);
      return;
    }
    const turns = Math.floor(axis.size / axis.step);
    const rest = axis.size % axis.step;
    this.#pointers.enter(depth);
    const turn = (lanes: number): void => {
      const before = new Map(this.#values);
      this.#load(depth);
      this.#startReductions(depth);
      this.#loops(depth + 1, lanes);
      if (this.#group.reduced !== undefined && this.#firstReduced() === depth + 1) this.#endReductions(lanes);
      this.#forget(before);
    };
    if (turns === 1) {
      turn(count);
      if (rest > 0) this.#pointers.advance(depth, axis.step);
    } else if (turns > 1) {
      const counter = f.local("i32");
      f.forLoop(counter, 0, turns, 1, () => {
        turn(count);
        this.#pointers.advance(depth, axis.step);
      });
      f.release(counter);
    }
    if (rest > 0) turn(rest);
    this.#pointers.leave(depth);
  }

  /** Loads the operands that the loop at `depth` moves and no inner one does. */
  #load(depth: number): void {
    for (const [name, operand] of this.#operands) {
      if (depthOf(operand) !== depth) continue;
      if (operand.base === "index") {
        this.#values.set(`${name}#0`, this.#indices(operand));
        continue;
      }
      for (const copy of this.#copies) {
        const own = `${name}#${this.#variant(operand, copy)}`;
        if (this.#values.has(own)) continue;
        const offset = this.#pointers.offset(operand) + this.#shift(operand, copy);
        this.#values.set(
          own,
          loadVector(this.#f, this.#pointers.at(operand), offset, operand.dtype, this.#accessOf(operand)),
        );
      }
    }
  }

  /** Bytes from what the first copy of the body reads to what this one does. */
  #shift({ location, dtype }: Pick<Operand, "location" | "dtype">, { member, vector }: Copy): number {
    if (!this.#isLaned || location === undefined || location.lanes === 1) return 0;
    return member * (location.memberBytes ?? 0) + 4 * vector * bytesOf(dtype);
  }

  /** Copies with the same number read the same. */
  #variant({ location }: Operand, { member, vector }: Copy): number {
    if (!this.#isLaned || location === undefined || location.lanes === 1) return 0;
    return (location.memberBytes === undefined ? 0 : member) * this.#vectors + vector;
  }

  #accessOf(operand: Operand): Access {
    if (this.#isLaned) return operand.location!.lanes === 1 ? "same" : "contiguous";
    const at = this.#axes.findIndex((axis) => axis.isVector);
    const stride = at < 0 ? 0 : operand.strides[at]!;
    if (stride === 0) return "same";
    return stride === bytesOf(operand.dtype) ? "contiguous" : { strideBytes: stride };
  }

  /** The row-major index of each of the four elements. */
  #indices(operand: Operand): Vector {
    const f = this.#f;
    const at = this.#axes.findIndex((axis) => axis.isVector);
    const stride = at < 0 ? 0 : operand.strides[at]!;
    f.get(this.#pointers.at(operand)).op("i32x4.splat");
    f.v128(Int32Array.from([0, 1, 2, 3].map((lane) => operand.offset + lane * stride))).op("i32x4.add");
    return [f.save("v128")];
  }

  #forget(before: ReadonlyMap<string, Vector>): void {
    for (const [name, vector] of this.#values) {
      if (before.has(name)) continue;
      this.#f.release(...new Set(vector));
      this.#values.delete(name);
    }
  }

  #startReductions(depth: number): void {
    if (this.#group.reduced === undefined || this.#firstReduced() !== depth + 1) return;
    for (const { node } of this.#sinks) {
      for (const copy of this.#copies) {
        const start = constantVector(this.#f, reductionStart(node.params.reduction!, node.dtype), node.dtype);
        const own = start.map((part) => {
          this.#f.get(part);
          return this.#f.save("v128");
        });
        this.#accumulators.set(`${node.id}#${copy.index}`, own);
      }
    }
  }

  #endReductions(count: number): void {
    const isAcross = !this.#isLaned && this.#axes.some((axis) => axis.isVector && axis.kind === "reduced");
    for (const sink of this.#sinks) {
      const { node, dtype } = sink;
      for (const copy of this.#copies) {
        const vector = this.#accumulators.get(`${node.id}#${copy.index}`)!;
        if (isAcross) acrossLanes(this.#f, vector, node);
        const shift = this.#shift(sink, copy);
        storeVector(
          this.#f,
          this.#pointers.at(sink),
          this.#pointers.offset(sink) + shift,
          dtype,
          vector,
          this.#storeAccess(sink),
          isAcross ? 1 : count,
        );
        this.#f.release(...vector);
      }
    }
  }

  #storeAccess(operand: Operand): Exclude<Access, "same"> {
    const access = this.#accessOf(operand);
    return access === "same" ? { strideBytes: 0 } : access;
  }

  /** All nodes of the group for the elements at hand; the copies of one node follow each other. */
  #body(count: number): void {
    for (const copy of this.#copies) this.#countUses(copy.index);
    for (const node of this.#group.nodes) {
      for (const copy of this.#copies) {
        if (node.op === "reduce") this.#accumulate(node, copy, count);
        else if (!this.#isDeferred(node) && !this.#values.has(`${node.id}@${copy.index}`))
          this.#compute(node, copy);
        for (const store of this.#stores) if (store.node === node) this.#store(store, copy, count);
      }
    }
  }

  #countUses(copy: number): void {
    const count = (node: Node): void => {
      const name = `${node.id}#${copy}`;
      this.#uses.set(name, (this.#uses.get(name) ?? 0) + 1);
    };
    for (const node of this.#group.nodes) {
      this.#uses.set(`${node.id}#${copy}`, 0);
    }
    for (const node of this.#group.nodes) {
      node.inputs.forEach((input) => {
        const { base } = this.#schedule.accesses.of(input);
        if (this.#isLocal(base)) count(base);
      });
    }
    for (const { node } of this.#stores) count(node);
  }

  /** A product that only a sum of this group uses is computed with it. */
  #isDeferred(node: Node): boolean {
    const known = this.#deferred.get(node) ?? this.#mayBeDeferred(node);
    this.#deferred.set(node, known);
    return known;
  }

  #mayBeDeferred(node: Node): boolean {
    if (!this.#context.fma || node.op !== "mul" || (node.dtype !== "float32" && node.dtype !== "float64"))
      return false;
    if (this.#stores.some((store) => store.node === node)) return false;
    const users = this.#group.nodes.filter((one) =>
      one.inputs.some((input) => this.#schedule.accesses.of(input).base === node),
    );
    const [user] = users;
    if (users.length !== 1 || (user!.op !== "add" && user!.op !== "sub")) return false;
    const isProduct = user!.inputs.map((input) => this.#schedule.accesses.of(input).base === node);
    if (user!.op === "sub") return !isProduct[0] && isProduct[1]!;
    // Of two products one is fused.
    if (isProduct[0] && isProduct[1]) return false;
    return isProduct[0]! || !this.#isFusable(user!.inputs[0]!, user!);
  }

  #isFusable(input: Node, user: Node): boolean {
    const { base } = this.#schedule.accesses.of(input);
    if (base === user || !this.#isLocal(base) || base.op !== "mul") return false;
    return this.#isDeferred(base);
  }

  #inputVector(input: Node, copy: Copy): Vector {
    const number = numberOf(input);
    if (number !== undefined) return constantVector(this.#f, number.params.value!, input.dtype);
    const { base, strides, offset } = this.#schedule.accesses.of(input);
    if (this.#isLocal(base)) return this.#values.get(`${base.id}@${copy.index}`)!;
    const name = `${base.id}:${offset}:${this.#inOrder(input.shape, strides).join()}`;
    return this.#values.get(`${name}#${this.#variant(this.#operands.get(name)!, copy)}`)!;
  }

  #compute(node: Node, copy: Copy): void {
    const f = this.#f;
    const [a, b] = node.inputs.map((input) => this.#schedule.accesses.of(input).base);
    const product = [a, b].find((one) => one !== undefined && this.#isLocal(one) && this.#isDeferred(one));
    let result: Vector;
    if (product !== undefined && (node.op === "add" || node.op === "sub")) {
      const [x, y] = product.inputs.map((input) => this.#inputVector(input, copy)) as [Vector, Vector];
      const other = this.#inputVector(node.inputs[product === a ? 1 : 0]!, copy);
      const prefix = lanePrefix(node.dtype) as "f32x4" | "f64x2";
      result = x.map((part, i) => {
        if (node.op === "add") multiplyAdd(f, prefix, part, y[i]!, other[i]!, this.#context);
        else f.get(part, y[i]!, other[i]!).op(`${prefix}.relaxed_nmadd`);
        return f.save("v128");
      });
      this.#used(product, copy);
      for (const input of product.inputs) this.#used(this.#schedule.accesses.of(input).base, copy);
    } else if (node.op === "random_bits") {
      result = this.#randomBits(node, copy);
    } else if (this.#partnerOf(node) !== undefined) {
      result = this.#pair(node, this.#partnerOf(node)!, copy);
    } else if (node.op === "gather") {
      const indices = node.inputs
        .slice(1)
        .map((input) => ({ vector: this.#inputVector(input, copy), isSame: this.#isSameAcross(input) }));
      result = emitGather(
        f,
        this.#gathers.get(node)!,
        this.#pointers,
        indices,
        this.#laneBytes(node),
        this.#shift(this.#gathers.get(node)!, copy),
      );
    } else {
      result = emitOperation(
        f,
        node,
        node.inputs.map((input) => this.#inputVector(input, copy)),
        this.#context,
      );
    }
    this.#values.set(`${node.id}@${copy.index}`, result);
    for (const input of node.inputs) {
      const { base } = this.#schedule.accesses.of(input);
      if (base !== product) this.#used(base, copy);
    }
  }

  /** Both words of a block, where the group uses both. */
  #randomBits(node: Node, copy: Copy): Vector {
    const f = this.#f;
    const same = this.#group.nodes.filter(
      (one) => one.op === "random_bits" && one.inputs.every((input, i) => input === node.inputs[i]),
    );
    const [k0, k1, counter] = node.inputs.map((input) => this.#inputVector(input, copy)[0]!) as [
      Local,
      Local,
      Local,
    ];
    const words = emitThreefry(f, k0, k1, f.constant("i32x4", 0), counter);
    for (const one of same) {
      const { mode } = one.params;
      if (mode === "xor") f.get(...words).op("v128.xor");
      else f.get(words[mode!]);
      this.#values.set(`${one.id}@${copy.index}`, [f.save("v128")]);
    }
    f.release(...words);
    return this.#values.get(`${node.id}@${copy.index}`)!;
  }

  /** The node that is cheaper together with this one. */
  #partnerOf(node: Node): Node | undefined {
    const op = partnerOf(node.op);
    if (op === undefined) return undefined;
    return this.#group.nodes.find((one) => one.op === op && one.inputs[0] === node.inputs[0]);
  }

  #pair(node: Node, partner: Node, copy: Copy): Vector {
    const [input] = node.inputs;
    const [own, other] = emitPair(this.#f, node, this.#inputVector(input!, copy), this.#context);
    this.#values.set(`${partner.id}@${copy.index}`, other);
    this.#used(this.#schedule.accesses.of(input!).base, copy);
    return own;
  }

  /** Bytes between what neighbouring lanes of a gather read if their indices are equal. */
  #laneBytes(node: Node): number {
    const gathered = this.#gathers.get(node)!;
    if (this.#isLaned) return gathered.location.lanes === 1 ? 0 : bytesOf(gathered.dtype);
    const at = this.#axes.findIndex((axis) => axis.isVector);
    return at < 0 ? 0 : gathered.strides[at]!;
  }

  /** Whether the four lanes of an input are equal because it does not move along them. */
  #isSameAcross(input: Node): boolean {
    if (numberOf(input) !== undefined) return true;
    const operand = this.#operandOf(input);
    return operand !== undefined && operand.base !== "index" && this.#accessOf(operand) === "same";
  }

  /** Gives a register back after its last use. */
  #used(node: Node, copy: Copy): void {
    if (!this.#isLocal(node)) return;
    const name = `${node.id}#${copy.index}`;
    const left = this.#uses.get(name)! - 1;
    this.#uses.set(name, left);
    const vector = this.#values.get(`${node.id}@${copy.index}`);
    if (left > 0 || vector === undefined) return;
    this.#f.release(...new Set(vector));
    this.#values.delete(`${node.id}@${copy.index}`);
  }

  #store(store: Store, copy: Copy, count: number): void {
    const { node, dtype } = store;
    const shift = this.#shift(store, copy);
    const vector = this.#values.get(`${node.id}@${copy.index}`)!;
    storeVector(
      this.#f,
      this.#pointers.at(store),
      this.#pointers.offset(store) + shift,
      dtype,
      vector,
      this.#storeAccess(store),
      count,
    );
    this.#used(node, copy);
  }

  #accumulate(node: Node, copy: Copy, count: number): void {
    const f = this.#f;
    const [input] = node.inputs;
    const vector = this.#inputVector(input!, copy);
    const accumulator = this.#accumulators.get(`${node.id}#${copy.index}`)!;
    const isPartial =
      count < 4 && !this.#isLaned && this.#axes.some((axis) => axis.isVector && axis.kind === "reduced");
    const name = reductionInstruction(node.params.reduction!, node.dtype);
    const start = isPartial
      ? constantVector(f, reductionStart(node.params.reduction!, node.dtype), node.dtype)
      : [];
    accumulator.forEach((own, i) => {
      f.get(own, vector[i]!);
      if (isPartial) {
        const real = isWide(node.dtype) ? [2 * i, 2 * i, 2 * i + 1, 2 * i + 1] : [0, 1, 2, 3];
        f.get(start[i]!)
          .v128(Int32Array.from(real.map((lane) => (lane < count ? -1 : 0))))
          .op("v128.bitselect");
      }
      f.op(name).set(own);
    });
    this.#used(this.#schedule.accesses.of(input!).base, copy);
  }
}

const rankIn = (reduced: readonly number[], axis: number): number => (reduced.includes(axis) ? 1 : 0);

/** Bytes from the lanes of four units to the next four. */
function laneStride({ location, dtype }: Operand): number {
  return location === undefined || location.lanes === 1 ? 0 : 4 * bytesOf(dtype);
}

/** Combines the lanes of an accumulator into its first one. */
function acrossLanes(f: FunctionBuilder, vector: Vector, node: Node): void {
  const name = reductionInstruction(node.params.reduction!, node.dtype);
  const [low, high] = vector as [Local, Local?];
  if (high !== undefined) {
    f.get(low, high).op(name).set(low);
    f.get(low, low, low).shuffle32(2, 3, 2, 3).op(name).set(low);
    return;
  }
  f.get(low, low, low).shuffle32(2, 3, 2, 3).op(name).set(low);
  f.get(low, low, low).shuffle32(1, 1, 1, 1).op(name).set(low);
}
